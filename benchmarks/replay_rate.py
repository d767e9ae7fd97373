#!/usr/bin/env python3
"""How many change records a second are replayed into a restored table, and how long an hour's would take on AWS.

    .venv/bin/python benchmarks/replay_rate.py    the stack on PORT, or on 4566
    .venv/bin/python benchmarks/replay_rate.py --records 10000 .local/4600/stack.json

The records lie in a bucket and go into a table, both made for this and removed. The code is that of
scripts/replay_records.py, with a delay before each request: a local AWS shares the processors with it and answers in
milliseconds, so its rate alone says nothing of AWS. A record takes two requests, one to S3 and one to DynamoDB.

The last columns are for a script with a processor to itself, where it takes whatever is slower: the workers, each of
which waits for one request at a time, or that processor. The records are those of an hour at the admin's full rate of
50 requests a second, and those of the ten minutes by which point-in-time recovery may lag.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import secrets
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.config import Config
from botocore.httpsession import URLLib3Session

from verify_audit import RECORDS_OF_A_PRODUCT, fill, remove

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "2_1_bbws_product_creator" / "scripts"
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS.parent / "src")]

replay_records, audit_trail, ledger, restoration = map(
    importlib.import_module, ("replay_records", "restoration.audit_trail_reader", "ledger", "restoration.restoration")
)

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

DELAYS_MS = (0, 20, 50)
REQUESTS_OF_A_RECORD = 2
HOUR = 50 * 3600
LAG = 50 * 600


class Run(NamedTuple):
    """What a replay took: seconds of the clock, and of a processor altogether."""

    seconds: float
    processor_seconds: float


def make_table(client: DynamoDBClient, like: str, name: str) -> None:
    """Make an empty table with the keys and indexes of another."""
    table = client.describe_table(TableName=like)["Table"]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=table["KeySchema"],
        AttributeDefinitions=table["AttributeDefinitions"],
        GlobalSecondaryIndexes=[
            {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}  # type: ignore[misc]
            for index in table["GlobalSecondaryIndexes"]
        ],
    )


def replay(s3: S3Client, bucket: str, dynamodb: DynamoDBClient, table: str, workers: int) -> Run:
    """Replay a bucket into a table, all three stages of it."""
    began, processor = time.perf_counter(), time.process_time()
    trail = audit_trail.AuditTrailReader(s3, bucket)
    products = trail.since(datetime(2026, 11, 1, tzinfo=UTC))
    replayed = restoration.Restoration(ledger.Ledger(dynamodb, table), trail)
    for stage, work in (
        ("checked", lambda product_id: replayed.check(product_id, products[product_id])),
        ("replayed", lambda product_id: replayed.replay(product_id, products[product_id])),
        ("named", replayed.claim_name),
    ):
        problems = replay_records.problems_of_each(products, work, workers, stage, threading.Event())
        if problems:
            sys.exit(f"a record can't be replayed: {problems}")
    return Run(time.perf_counter() - began, time.process_time() - processor)


def main() -> None:
    """Measure what the command line asks for and print a table."""
    default = ROOT / ".local" / (os.environ.get("PORT") or "4566") / "stack.json"
    parser = argparse.ArgumentParser(description="Measure the replay of change records.")
    parser.add_argument("stack", nargs="?", type=Path, default=default, help="a stack.json; default: %(default)s")
    parser.add_argument("--records", type=int, default=2000, metavar="N", help="how many; default: %(default)s")
    parser.add_argument("--workers", type=int, default=replay_records.DEFAULT_WORKERS, metavar="N", help="at a time")
    options = parser.parse_args()
    if not options.stack.is_file():
        sys.exit(f"{options.stack} is not there: bring up a stack (make up) or name one")

    about = json.loads(options.stack.read_text(encoding="utf-8"))
    # On MiniStack the account's id is the key of its root.
    client = partial(
        boto3.Session(
            aws_access_key_id=about["accountId"],
            aws_secret_access_key="unused",  # noqa: S106
            aws_session_token=about["sessionToken"],
        ).client,
        endpoint_url=about["endpointUrl"],
        region_name=about["region"],
        config=Config(max_pool_connections=options.workers),
    )
    s3, dynamodb = client("s3"), client("dynamodb")
    bucket, name = f"replayed-{secrets.token_hex(4)}", f"replayed-{secrets.token_hex(4)}"
    records = options.records // RECORDS_OF_A_PRODUCT * RECORDS_OF_A_PRODUCT
    size = fill(s3, bucket, records // RECORDS_OF_A_PRODUCT)
    send = URLLib3Session.send
    runs = {}
    try:
        for delay in DELAYS_MS:
            make_table(dynamodb, about["tableName"], name)

            def delayed(session: URLLib3Session, request: AWSPreparedRequest, ms: int = delay) -> AWSResponse:
                time.sleep(ms / 1000)
                return send(session, request)

            URLLib3Session.send = delayed  # type: ignore[method-assign, assignment]
            runs[delay] = replay(s3, bucket, dynamodb, name, options.workers)
            URLLib3Session.send = send  # type: ignore[method-assign]
            dynamodb.delete_table(TableName=name)
    finally:
        remove(s3, bucket)

    print(f"{records:,} records of {size / records:,.0f} bytes, {options.workers} workers, {os.cpu_count()} processors")
    print(f"{'':>8}{'':>11}{'processor':>13}   seconds with nothing else to do, for")
    print(f"{'delay':>8}{'records/s':>11}{'per record':>13}{LAG:>12,}{HOUR:>12,} records")
    for delay, taken in runs.items():
        processor = taken.processor_seconds / records
        alone = max(REQUESTS_OF_A_RECORD * delay / 1000 / options.workers, processor)
        rate = records / taken.seconds
        print(f"{delay:>5} ms{rate:>11,.0f}{processor * 1000:>10.2f} ms{LAG * alone:>12,.0f}{HOUR * alone:>12,.0f}")


if __name__ == "__main__":
    main()
