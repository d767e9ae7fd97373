#!/usr/bin/env python3
"""Replays the audit trail into a restored product table, so that the table goes on where the trail ends.

    replay_records.py dev bbws-products-dev-restored
    replay_records.py dev bbws-products-dev-restored --until 2026-11-22T08:00:00Z

The records that are newer than the moment to which the table was restored are read from the audit bucket, verified and
stored, with all that follows from them: products, heads, done markers and claims to names. What the table has already
is left alone, so this can be run again at any time, and has to be until its exit status is 0. No record is left out:
before anything is stored it makes sure that none is missing, and at one that was altered its product ends.

With --until, the table becomes what the product table was at that moment, for somebody to look at. It mustn't go live:
the trail has gone on since.

The creator must be paused meanwhile, unless --until is some minutes ago: scripts/event_source.py.

Exit status: 0 if the table has all that the audit trail has, 1 if not, 2 if the command line is wrong, 130 after
Ctrl-C, 143 after SIGTERM.
"""

from __future__ import annotations

import argparse
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

# What the table holds is said where the function's own code says it.
sys.path.append(str(Path(__file__).resolve().parent.parent / "src"))

import event_source
from common import timestamps
from deployment import account, command_line, signals, terraform
from deployment.signals import Interruption
from ledger import Ledger
from operations import argument_types
from operations.wording import counted
from restoration.audit_trail_reader import AuditTrailReader, NotARecord
from restoration.restoration import CannotReplay, Restoration, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

# A record bears the time of its decision, which is before it was stored by an invocation's length at most; and clocks
# differ.
MARGIN = timedelta(minutes=5)

DEFAULT_WORKERS = 32


def main(arguments: list[str] | None = None) -> int:
    """Replay what the command line asks for, say what came of it and return the exit status."""
    signals.obey()
    options = parsed(arguments)
    try:
        account.check(options.environment)
        return replay(options)
    except (BotoCoreError, ClientError) as error:
        print(f"error: {error}\nwhat was replayed stays: run it again", file=sys.stderr)
        return 1


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return what the command line says; a wrong one ends the script with exit status 2."""
    parser = command_line.parser(__doc__)
    parser.add_argument("table", metavar="TABLE", help="the restored table")
    parser.add_argument(
        "--since",
        type=_moment,
        metavar="2026-11-22T08:00:00Z",
        help="the moment to which the table was restored, where DynamoDB doesn't know it; an earlier one does no harm",
    )
    parser.add_argument(
        "--until",
        type=_moment,
        metavar="2026-11-22T08:00:00Z",
        help="replay no record that was applied after this moment",
    )
    parser.add_argument(
        "--product",
        type=argument_types.product_id,
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="replay these alone",
    )
    parser.add_argument(
        "--workers",
        type=argument_types.workers,
        default=DEFAULT_WORKERS,
        metavar="N",
        help="products at a time; default: %(default)s",
    )
    options = parser.parse_args(arguments)
    if re.fullmatch(rf"bbws-products-{options.environment}(-[A-Za-z0-9_.-]+)?", options.table) is None:
        parser.error(
            f"argument TABLE: must be bbws-products-{options.environment}, or that and a suffix after a hyphen"
        )
    return options


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError("must be a moment in the form 2026-11-22T08:00:00Z")
    return moment.astimezone(UTC)


def replay(options: argparse.Namespace) -> int:
    """Replay the audit trail, say what came of it and return the exit status."""
    environment, table, workers = options.environment, options.table, options.workers
    region = terraform.region(environment)
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=workers,
        retries={"mode": "standard", "total_max_attempts": 10},
    )
    dynamodb: DynamoDBClient = boto3.client("dynamodb", region_name=region, config=config)
    restored_to = restore_point(dynamodb, environment, table, options.since)
    if options.until is not None and options.until < restored_to:
        terraform.fail(
            f"{table} was restored to {timestamps.to_text(restored_to)}, and nothing is ever taken back: restore an "
            "earlier copy"
        )
    check_paused(environment, table, options.until)
    s3: S3Client = boto3.client("s3", region_name=region, config=config)
    trail = AuditTrailReader(s3, f"bbws-product-audit-logs-{environment}")
    products = trail.since(restored_to - MARGIN, options.product, options.until)
    count = sum(map(len, products.values()))
    print(
        f"{table} was restored to {timestamps.to_text(restored_to)}; from five minutes before that on the audit trail "
        f"has {counted(count, 'record')} of {counted(len(products), 'product')}",
        flush=True,
    )

    stop = threading.Event()
    problems: dict[str, str] = {}
    started = time.monotonic()
    with Interruption(once_more_ends=True) as interruption:
        restoration = Restoration(Ledger(dynamodb, table), trail, lambda: bool(interruption) or stop.is_set())
        # Each for all products before the next begins for any.
        stages: dict[str, Callable[[str], None]] = {
            "checked": lambda product_id: restoration.check(product_id, products[product_id]),
            "replayed": lambda product_id: restoration.replay(product_id, products[product_id]),
            "named": restoration.claim_name,
        }
        for stage, work in stages.items():
            problems |= problems_of_each(products, work, workers, stage, stop)
            if problems or interruption:
                break
    seconds, stored = time.monotonic() - started, restoration.stored

    print(f"stored {counted(stored, 'record')} in {seconds:.1f} s ({stored / max(seconds, 0.001):,.0f} a second)")
    for product_id, problem in sorted(problems.items()):
        print(f"error: product {product_id}: {problem}", file=sys.stderr)
    if problems:
        print(f"error: {table} isn't complete for {counted(len(problems), 'product')}", file=sys.stderr)
        return 1
    if interruption:
        print("interrupted: what was stored stays; run it again", file=sys.stderr)
        return interruption.exit_status
    until = "" if options.until is None else f" until {timestamps.to_text(options.until)}"
    print(f"{table} has all that the audit trail has{until}")
    return 0


def restore_point(dynamodb: DynamoDBClient, environment: str, table: str, given: datetime | None) -> datetime:
    """Return the moment to which a table was restored; end the script if it can't be replayed into."""
    try:
        description = dynamodb.describe_table(TableName=table)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        terraform.fail(f"{environment} has no table {table}: restore it first")
    summary = description.get("RestoreSummary")
    if description["TableStatus"] != "ACTIVE" or (summary and summary["RestoreInProgress"]):
        terraform.fail(f"{table} is not ready: its status is {description['TableStatus']}; wait until it is ACTIVE")
    if given is not None:
        return given
    if summary is None:
        terraform.fail(f"DynamoDB doesn't know to which moment {table} was restored: say it with --since")
    return summary["RestoreDateTime"].astimezone(UTC)


def check_paused(environment: str, table: str, until: datetime | None) -> None:
    """Say so if the creator is at work and may add to what is replayed; end the script if it is so on this table."""
    client: LambdaClient = boto3.client("lambda", region_name=terraform.region(environment))
    source = event_source.of(client, environment)
    if source.is_paused:
        return
    described = event_source.described(source, environment)
    if source.table == table:
        terraform.fail(f"{described}: pause it first, with scripts/event_source.py")
    if until is None or until > timestamps.now() - MARGIN:
        print(f"{described}: pause it, and run this again then", flush=True)


def problems_of_each(
    product_ids: Collection[str], work: Callable[[str], None], workers: int, stage: str, stop: threading.Event
) -> dict[str, str]:
    """Do some work on each product, many at a time, and return why it failed, by product id.

    Parameters
    ----------
    stage
        What is done to them, in one word, for the display.
    stop
        Is set if AWS fails, which then is raised.
    """

    def problem_of(product_id: str) -> str | None:
        try:
            work(product_id)
        except (CannotReplay, NotARecord) as problem:
            return str(problem)
        except Stopped:
            pass
        return None

    problems = {}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
        ThreadPoolExecutor(workers) as pool,
    ):
        bar = progress.add_task(f"products {stage}", total=len(product_ids))
        under_way = {pool.submit(problem_of, product_id): product_id for product_id in product_ids}
        try:
            for done in as_completed(under_way):
                if problem := done.result():
                    problems[under_way[done]] = problem
                progress.advance(bar)
        except (BotoCoreError, ClientError):
            stop.set()
            raise
    return problems


if __name__ == "__main__":
    sys.exit(main())
