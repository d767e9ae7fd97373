#!/usr/bin/env python3
"""Restores the product table to a moment, under another name, and waits until it is there.

    restore_table.py dev bbws-products-dev-restored --at 2026-11-22T08:00:00Z
    restore_table.py dev bbws-products-dev-restored --at latest

The table in use stays as it is and in use. What happened after the moment is in the audit trail alone: next comes
scripts/replay_records.py of 2_1_bbws_product_creator. An interrupted run is taken up by the next one with the same
arguments.

Exit status: 0 the table is there, 1 not, 2 if the command line is wrong, 130 after Ctrl-C, 143 after SIGTERM.
"""

from __future__ import annotations

import argparse
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from deployment import account, command_line, infrastructure, terraform

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATEST = "latest"
SECONDS_BETWEEN_LOOKS = 5.0
SECONDS_BETWEEN_LINES = 60.0


def main() -> None:
    """Restore the table and say what came of it."""
    parser = command_line.parser(__doc__)
    parser.add_argument("table", metavar="TABLE", help="what the restored table is to be called")
    parser.add_argument(
        "--at", required=True, type=_moment, metavar="MOMENT", help="such as 2026-11-22T08:00:00Z, or latest"
    )
    arguments = parser.parse_args()
    environment, table, at = arguments.environment, arguments.table, arguments.at
    # Terraform's table_name says the same.
    if re.fullmatch(rf"bbws-products-{environment}(-[A-Za-z0-9_.-]+)?", table) is None or len(table) > 255:
        parser.error(f"argument TABLE: must be bbws-products-{environment}, or that and a suffix after a hyphen")
    with command_line.orderly_end():
        account.check(environment)
        client: DynamoDBClient = boto3.client("dynamodb", region_name=terraform.region(environment))
        source = infrastructure.output(environment, "table_name")
        if table == source:
            terraform.fail(
                f"{table} is in use, and can't be restored into itself: give the restored table another name"
            )
        began = time.monotonic()
        restored_to = restore(client, source, table, at)
        wait(client, table)
    minutes = (time.monotonic() - began) / 60
    print(f"{table} is what {source} was at {_text(restored_to)}; that took {minutes:.0f} min")


def _moment(text: str) -> datetime | None:
    """Return a moment in UTC; None for the latest one."""
    if text == LATEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"must be a moment in the form 2026-11-22T08:00:00Z, or {LATEST}")
    return moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def restore(client: DynamoDBClient, source: str, table: str, at: datetime | None) -> datetime:
    """Begin to restore a table, unless that is under way; end the script if it can't be done.

    Returns
    -------
    datetime
        The moment to which the table is restored.
    """
    try:
        backups = client.describe_continuous_backups(TableName=source)["ContinuousBackupsDescription"]
    except (client.exceptions.TableNotFoundException, client.exceptions.ResourceNotFoundException):
        terraform.fail(f"there is no table {source}: the runbook says how to restore one that was deleted")
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        terraform.fail(f"{source} has no point-in-time recovery: the runbook says how to restore a backup")
    earliest, latest = recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]
    if (begun := under_way(client, source, table)) is not None:
        if at is not None and at != begun:
            terraform.fail(f"{table} is restored to {_text(begun)} already: choose another name")
        return begun
    if at is not None and not earliest <= at <= latest:
        terraform.fail(f"{source} can be restored to a moment from {_text(earliest)} to {_text(latest)}")
    which = {"UseLatestRestorableTime": True} if at is None else {"RestoreDateTime": at}
    answer = client.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=table, **which)
    summary = answer["TableDescription"].get("RestoreSummary")
    return summary["RestoreDateTime"] if summary else at or latest


def under_way(client: DynamoDBClient, source: str, table: str) -> datetime | None:
    """Return the moment to which a table is being restored or was, from this source; None if there is no such table."""
    try:
        description = client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None
    summary = description.get("RestoreSummary")
    if summary is None or not summary.get("SourceTableArn", "").endswith(f":table/{source}"):
        terraform.fail(f"there is a table {table} already, which isn't a restored {source}: choose another name")
    return summary["RestoreDateTime"]


def wait(client: DynamoDBClient, table: str) -> None:
    """Return when a table can be used."""
    began = said = time.monotonic()
    while True:
        description = client.describe_table(TableName=table)["Table"]
        in_progress = description.get("RestoreSummary", {}).get("RestoreInProgress", False)
        if description["TableStatus"] == "ACTIVE" and not in_progress:
            return
        if (now := time.monotonic()) - said >= SECONDS_BETWEEN_LINES:
            said = now
            print(f"{table} is being restored for {(now - began) / 60:.0f} min", flush=True)
        time.sleep(SECONDS_BETWEEN_LOOKS)


if __name__ == "__main__":
    main()
