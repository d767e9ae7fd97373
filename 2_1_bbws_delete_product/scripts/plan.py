#!/usr/bin/env python3
"""Plans a deployment of this repository to one environment and keeps the plan for scripts/apply.py.

Plan and package go to the environment's state bucket, under the hash of the content (Git's tree) that they were made
from. Their checksums are printed: scripts/apply.py wants them, so that what was reviewed is what is applied.

Nothing is kept of a plan that would destroy what no deployment brings back (a table, bucket, queue, backup vault, KMS
key, secret or REST API), unless --may-destroy names its address.
A function that would send what its live receiver can't read, or couldn't read what is sent to it, isn't planned at all.
prod takes only what sit runs: --deployed-to-sit is the content that scripts/was_deployed.py found there.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deployment import account, command_line, content, deployable, state_bucket, terraform

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Collection

# What holds something, or has something hanging on it, that no deployment can bring back: with a key goes whatever it
# encrypted, with a secret what callers were told, with a REST API its address and everybody's keys.
IRREPLACEABLE = frozenset(
    {
        "aws_api_gateway_rest_api",
        "aws_backup_vault",
        "aws_dynamodb_table",
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
        "aws_sqs_queue",
    }
)

# GitHub shows a summary of 1 MiB at most.
_LONGEST_SHOWN = 900_000


@dataclass(frozen=True)
class Plan:
    """A plan and what it is for.

    Attributes
    ----------
    file : Path
        Where it is. It holds secrets.
    text : str
        As Terraform shows it.
    changes : bool
        Whether it changes anything.
    package : str
        What becomes of the function's code, in a sentence; empty where there is none.
    """

    file: Path
    text: str
    changes: bool
    package: str


def main() -> None:
    """Plan, keep the plan and print its checksums."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--deployed-to-sit", metavar="TREE", help="the content that was found deployed to sit")
    add_may_destroy(parser)
    command_line.add_report(parser)
    arguments = parser.parse_args()
    environment: str = arguments.environment
    report = command_line.report(arguments)

    if environment in {"sit", "prod"}:
        tree = content.committed_tree()
        if environment == "prod" and arguments.deployed_to_sit != tree:
            terraform.fail(
                f"prod takes only what was deployed to sit, and this content is {tree}: run scripts/was_deployed.py "
                "sit, and hand on with --deployed-to-sit what it finds"
            )
    with command_line.orderly_end(), tempfile.TemporaryDirectory() as folder:
        account.check(environment)
        terraform.init(environment, deployable.NAME)
        # An empty address is what a workflow's empty input becomes.
        plan = make(environment, Path(folder), [address for address in arguments.may_destroy if address])
        checksums = keep(environment, plan)
    values = {**checksums, "changes": str(plan.changes).lower()}
    report.output(values)
    report.summarise(summary(environment, plan, checksums))
    for name, value in values.items():
        print(f"{name}={value}")


def add_may_destroy(to: ArgumentParser) -> None:
    """Have a parser take ``--may-destroy``."""
    to.add_argument(
        "--may-destroy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a table, bucket, queue, vault, key, secret or API that may be destroyed or replaced, such as "
        "'aws_sqs_queue.work[\"audit\"]'",
    )


def make(environment: str, folder: Path, may_destroy: Collection[str], *, in_any_order: bool = False) -> Plan:
    """Plan, and stop where something would be destroyed that mustn't be, or another function comes first.

    Parameters
    ----------
    folder
        Gets the plan's file. Terraform is ready for the environment.
    may_destroy
        Addresses of what is `IRREPLACEABLE` and may be destroyed all the same.
    in_any_order
        Whether the live functions may be of any version.
    """
    package = deployable.check_package(environment)
    if not in_any_order:
        deployable.check_order(environment)
    file = folder / "deployment.tfplan"
    planned = terraform.plan(environment, file, deployable.variables())
    # Reading a plan takes some seconds.
    if planned.changes and " 0 to destroy." not in planned.text:
        lost = [
            destruction
            for destruction in terraform.destructions(file)
            if destruction.resource_type in IRREPLACEABLE and destruction.address not in may_destroy
        ]
        if lost:
            what = "; ".join(
                f"{destruction.address} would be {'replaced' if destruction.replaced else 'destroyed'}"
                for destruction in lost
            )
            cut_short = "".join(
                f"{destruction.address} was being made when a deployment was cut short: if it is whole all the same, "
                f"terraform untaint '{destruction.address}'. "
                for destruction in lost
                if destruction.tainted
            )
            terraform.fail(
                f"{what}, with all that is in it or hangs on it. {cut_short}If that is meant, name each address with "
                "--may-destroy. Nothing was changed"
            )
    return Plan(file, planned.text, planned.changes, package)


def keep(environment: str, plan: Plan) -> dict[str, str]:
    """Put a plan and the package that belongs to it into the state bucket, and return their checksums."""
    bucket = state_bucket.StateBucket(environment)
    parts = {"plan": (plan.file.read_bytes(), "tfplan")}
    if deployable.PACKAGE is not None:
        parts["package"] = (deployable.PACKAGE.read_bytes(), "zip")
    checksums = {"plan-checksum": "", "package-checksum": ""}
    for part, (body, suffix) in parts.items():
        checksum = state_bucket.sha256(body)
        bucket.put(state_bucket.planned(deployable.NAME, content.name(), checksum, suffix), body)
        checksums[f"{part}-checksum"] = checksum
    return checksums


def summary(environment: str, plan: Plan, checksums: dict[str, str]) -> str:
    """Return what a reviewer wants to see, as Markdown."""
    text = plan.text
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "\n… and more: see the log of this step"
    headline = "Nothing changes" if not plan.changes else ""
    for line in plan.text.splitlines():
        if line.startswith("Plan: "):
            headline = line
    rows = {
        "content": content.name(),
        "plan": checksums["plan-checksum"],
        "package": checksums["package-checksum"],
        "code": plan.package,
    }
    return "\n".join(
        [
            f"## Plan of {deployable.NAME} for {environment}",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows.items() if value),
            "",
            f"<details><summary>{headline or 'Only outputs change'}</summary>",
            "",
            # Longer than any fence inside.
            "``````terraform",
            text.strip(),
            "``````",
            "",
            "</details>",
        ]
    )


if __name__ == "__main__":
    main()
