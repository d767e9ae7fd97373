#!/usr/bin/env python3
"""Tries the infrastructure that scripts/apply.py deployed, and notes its content as deployed.

It is in use as soon as it is applied. What remains is the smoke test through the API, and a look at everything that
the design promises (scripts/validate_infrastructure.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import smoke_test
import validate_infrastructure
from deployment import account, command_line, deployable, deployment_note, terraform

if TYPE_CHECKING:
    from collections.abc import Mapping


def main() -> None:
    """Try what is deployed and print how it went."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--version", help="not used: what is applied is in use, and has no version")
    command_line.add_report(parser)
    arguments = parser.parse_args()
    environment: str = arguments.environment

    with command_line.orderly_end():
        account.check(environment)
        release(environment, {})
    command_line.report(arguments).summarise(f"## Tried in {environment}: {deployable.NAME}")


def release(environment: str, applied: Mapping[str, str], *, beside_others: bool = False) -> None:
    """Try what is deployed, and note it as deployed when that went well.

    Parameters
    ----------
    applied
        What scripts/apply.py handed on.
    beside_others
        Whether functions are being deployed as well, so that it can be neither tried nor noted yet.
    """
    if not beside_others:
        try:
            smoke_test.through_api(environment)
        except smoke_test.Failed as failed:
            terraform.fail(f"{failed}. What was applied stays; deploy an earlier commit to go back")
        validate_infrastructure.validate(environment)
        deployment_note.write(environment, applied)
    print(f"{deployable.NAME}: deployed to {environment}")


if __name__ == "__main__":
    main()
