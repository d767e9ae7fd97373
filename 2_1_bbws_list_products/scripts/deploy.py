#!/usr/bin/env python3
"""Deploys this repository to one environment in one go: plans, applies the plan and releases what came of it.

These are the steps of scripts/plan.py, apply.py and release.py, without a review between them and without keeping the
plan. prod is deployed by its workflow, where somebody reviews the plan.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import apply
import plan
import release
from deployment import account, command_line, deployable, terraform


def main() -> None:
    """Deploy, and print what came of it."""
    parser = command_line.parser(__doc__)
    plan.add_may_destroy(parser)
    parser.add_argument(
        "--beside-others",
        action="store_true",
        help=(
            "the others are being deployed, too: neither try it through the API nor note it as deployed, and don't ask "
            "whether those that are live can read what it sends"
        ),
    )
    arguments = parser.parse_args()
    environment: str = arguments.environment
    if environment == "prod":
        terraform.fail("prod is deployed by its workflow; by hand: scripts/plan.py, apply.py and release.py")

    with command_line.orderly_end(), tempfile.TemporaryDirectory() as folder:
        account.check(environment)
        terraform.init(environment, deployable.NAME)
        made = plan.make(environment, Path(folder), arguments.may_destroy, in_any_order=arguments.beside_others)
        applied = apply.apply(environment, made.file)
        release.release(environment, applied, beside_others=arguments.beside_others)


if __name__ == "__main__":
    main()
