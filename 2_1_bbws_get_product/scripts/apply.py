#!/usr/bin/env python3
"""Applies a plan that scripts/plan.py kept: that very plan, with that very package.

Both are fetched from the state bucket and must have the checksums that the plan's review was about. A plan that is
older than the state is refused. In each of these cases nothing is changed.
"""

from __future__ import annotations

import re
import tempfile
from argparse import ArgumentTypeError
from pathlib import Path

from deployment import account, command_line, content, deployable, state_bucket, terraform


def main() -> None:
    """Fetch, verify, apply, and print what came of it."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--plan-checksum", type=checksum, required=True, metavar="SHA256", help="of the plan")
    parser.add_argument("--package-checksum", type=checksum, default="", metavar="SHA256", help="of the function's zip")
    command_line.add_report(parser)
    arguments = parser.parse_args()
    environment: str = arguments.environment
    report = command_line.report(arguments)
    if not arguments.plan_checksum:
        parser.error("--plan-checksum is empty")
    if bool(arguments.package_checksum) != (deployable.PACKAGE is not None):
        parser.error("--package-checksum is for functions' repositories, and they need it")

    with command_line.orderly_end(), tempfile.TemporaryDirectory() as folder:
        account.check(environment)
        bucket = state_bucket.StateBucket(environment)
        plan = Path(folder) / "deployment.tfplan"
        plan.write_bytes(fetch(bucket, "plan", arguments.plan_checksum, "tfplan"))
        if deployable.PACKAGE is not None:
            package = fetch(bucket, "package", arguments.package_checksum, "zip")
            deployable.PACKAGE.parent.mkdir(exist_ok=True)
            deployable.PACKAGE.write_bytes(package)
        terraform.init(environment, deployable.NAME)
        values = apply(environment, plan)
    report.output(values)
    applied = "\n".join(f"| {name} | {value} |" for name, value in values.items())
    report.summarise(f"## Applied to {environment}: {deployable.NAME}\n\n| | |\n|---|---|\n{applied}")
    for name, value in values.items():
        print(f"{name}={value}")


def checksum(text: str) -> str:
    """Return a SHA-256 as the command line gives it; an empty one is what a workflow's empty output becomes."""
    if text and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ArgumentTypeError(f"{text} is no SHA-256 in hexadecimal digits")
    return text


def fetch(bucket: state_bucket.StateBucket, what: str, wanted: str, suffix: str) -> bytes:
    """Return the plan or the package of this content with a checksum, and nothing else."""
    key = state_bucket.planned(deployable.NAME, content.name(), wanted, suffix)
    try:
        body = bucket.get(key)
    except state_bucket.Missing:
        terraform.fail(
            f"{bucket.name} holds no {what} {wanted} of this content ({content.name()}): it was made from another "
            "commit, or more than 30 days ago. Run scripts/plan.py again. Nothing was changed"
        )
    found = state_bucket.sha256(body)
    if found != wanted:
        terraform.fail(
            f"{key} in {bucket.name} is not the {what} that was reviewed: its SHA-256 is {found}. Run scripts/plan.py "
            "again, and find out who replaced it. Nothing was changed"
        )
    return body


def apply(environment: str, plan: Path) -> dict[str, str]:
    """Apply a plan and return what came of it, by name. Terraform is ready for the environment."""
    terraform.apply(environment, plan)
    return deployable.applied(environment, state_bucket.StateBucket(environment).outputs(deployable.NAME) or {})


if __name__ == "__main__":
    main()
