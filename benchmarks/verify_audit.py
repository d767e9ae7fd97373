#!/usr/bin/env python3
"""How many audit objects a second verify_audit.py verifies, and what that makes for 100,000 of them on AWS.

    .venv/bin/python benchmarks/verify_audit.py    the stack on PORT, or on 4566
    .venv/bin/python benchmarks/verify_audit.py --objects 10000 .local/4600/stack.json

The objects lie in a bucket of the stack's S3, made for this and removed. The script runs as users run it, in a process
of its own, with a delay before each request. A local S3 shares the processors with the script and answers in a
millisecond or two, so its rate alone says nothing of AWS, where the time goes into waiting. S3 answers a request for a
small object in 100 to 200 ms (Amazon S3 user guide, "Best practices design patterns: optimizing Amazon S3
performance"), and those are the delays.

The extrapolation is made twice: at the rate measured here, where the processors also serve the objects; and for a
script with a processor to itself, where it takes whatever is slower: the workers, each of which waits for one object at
a time, or that processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import secrets
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "2_1_bbws_audit_logger" / "scripts" / "verify_audit.py"
DELAYED = Path(__file__).with_name("delayed.py")
DELAYS_MS = (0, 100, 200)
RECORDS_OF_A_PRODUCT = 10
PROMISED_OBJECTS = 100_000
PROMISED_SECONDS = 600
SUMMARY = re.compile(r"verified ([\d,]+) objects? of [\d,]+ products? in ([\d.]+) s")


class Run(NamedTuple):
    """What one run of the script took: seconds of the clock to verify, and of a processor altogether."""

    seconds: float
    processor_seconds: float


def canonical(values: dict[str, object]) -> bytes:
    """Return a record as the audit logger writes it."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def trail(products: int) -> Iterator[tuple[str, bytes]]:
    """Yield key and content of every record of as many products: each created, and then changed again and again."""
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(products):
        product_id = str(uuid.UUID(int=number, version=4))
        previous_hash = before = None
        for sequence in range(1, RECORDS_OF_A_PRODUCT + 1):
            applied_at = (begun + timedelta(days=sequence, seconds=number)).isoformat(timespec="microseconds")
            applied_at = applied_at.replace("+00:00", "Z")
            after = {
                "productId": product_id,
                "name": f"WordPress Business {number}",
                "description": "Hosting for a busy WordPress site, with daily backups and a staging copy.",
                "price": f"{sequence}.90",
                "currency": "ZAR",
                "billingCycle": "monthly",
                "features": ["Free SSL certificate", "Daily backups", "50 GB storage"],
                "active": True,
                "version": sequence,
                "dateCreated": applied_at,
                "dateLastUpdated": applied_at,
                "lastUpdatedBy": "admin",
            }
            record: dict[str, object] = {
                "recordVersion": 1,
                "sequence": sequence,
                "changeId": str(uuid.uuid4()),
                "changeType": "UPDATE" if before else "CREATE",
                "productId": product_id,
                "status": "APPLIED",
                "reason": None,
                "requestedAt": applied_at,
                "requestedBy": "admin",
                "requestId": str(uuid.uuid4()),
                "expectedVersion": None,
                "fields": {"price": after["price"]},
                "appliedAt": applied_at,
                "version": sequence,
                "before": before,
                "after": after,
                "previousHash": previous_hash,
            }
            record["hash"] = hashlib.sha256(canonical(record)).hexdigest()
            yield f"{applied_at[:10].replace('-', '/')}/{product_id}_{applied_at}_{sequence}.json", canonical(record)
            before, previous_hash = after, record["hash"]


def fill(s3: S3Client, bucket: str, products: int) -> int:
    """Make a bucket with the records of as many products and return how many bytes they have."""
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def put(item: tuple[str, bytes]) -> int:
        s3.put_object(Bucket=bucket, Key=item[0], Body=item[1])
        return len(item[1])

    with ThreadPoolExecutor(8) as threads:
        return sum(threads.map(put, trail(products)))


def remove(s3: S3Client, bucket: str) -> None:
    """Remove a bucket with all that is in it."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in page.get("Versions", [])]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})  # type: ignore[typeddict-item]
    s3.delete_bucket(Bucket=bucket)


def run(variables: dict[str, str], delay_ms: int, *arguments: str) -> Run:
    """Run the script, which has to find nothing wrong."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [sys.executable, str(DELAYED), str(delay_ms / 1000), str(SCRIPT), *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = SUMMARY.search(result.stdout)
    if result.returncode != 0 or summary is None:
        sys.exit(f"verify_audit.py ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(float(summary[2]), taken)


def main() -> None:
    """Measure what the command line asks for and print a table."""
    default = ROOT / ".local" / (os.environ.get("PORT") or "4566") / "stack.json"
    parser = argparse.ArgumentParser(description="Measure verify_audit.py.")
    parser.add_argument("stack", nargs="?", type=Path, default=default, help="a stack.json; default: %(default)s")
    parser.add_argument("--objects", type=int, default=5000, metavar="N", help="how many; default: %(default)s")
    parser.add_argument("--workers", type=int, default=64, metavar="N", help="reads at a time; default: %(default)s")
    options = parser.parse_args()
    if not options.stack.is_file():
        sys.exit(f"{options.stack} is not there: bring up a stack (make up) or name one")
    products = options.objects // RECORDS_OF_A_PRODUCT
    if products < 1:
        sys.exit(f"--objects must be at least {RECORDS_OF_A_PRODUCT}")

    about = json.loads(options.stack.read_text(encoding="utf-8"))
    # On MiniStack the account's id is the key of its root.
    variables = {
        "AWS_ENDPOINT_URL": about["endpointUrl"],
        "AWS_REGION": about["region"],
        "AWS_ACCESS_KEY_ID": about["accountId"],
        "AWS_SECRET_ACCESS_KEY": "unused",
        "AWS_SESSION_TOKEN": about["sessionToken"],
    }
    s3: S3Client = boto3.client(
        "s3",
        endpoint_url=about["endpointUrl"],
        region_name=about["region"],
        aws_access_key_id=about["accountId"],
        aws_secret_access_key="unused",  # noqa: S106
        aws_session_token=about["sessionToken"],
        config=Config(max_pool_connections=8),
    )
    bucket = f"verified-{secrets.token_hex(4)}"
    objects = products * RECORDS_OF_A_PRODUCT
    size = fill(s3, bucket, products)
    try:
        workers = ("--workers", str(options.workers))
        # Starting takes processor time that doesn't grow with the objects.
        start = run(variables, 0, bucket, *workers, "--product", str(uuid.uuid4()))
        runs = {delay: run(variables, delay, bucket, *workers) for delay in DELAYS_MS}
    finally:
        remove(s3, bucket)

    print(f"{objects:,} objects of {size / objects:,.0f} bytes, {options.workers} workers, {os.cpu_count()} processors")
    print(f"{'':>8}{'':>11}{'processor':>13}   seconds for {PROMISED_OBJECTS:,} objects ({PROMISED_SECONDS} promised)")
    print(f"{'delay':>8}{'objects/s':>11}{'per object':>13}{'at this rate':>15}{'with nothing else to do':>26}")
    for delay, taken in runs.items():
        rate = objects / taken.seconds
        processor = (taken.processor_seconds - start.processor_seconds) / objects
        alone = max(delay / 1000 / options.workers, processor)
        print(
            f"{delay:>5} ms{rate:>11,.0f}{processor * 1000:>10.2f} ms"
            f"{PROMISED_OBJECTS / rate:>15,.0f}{PROMISED_OBJECTS * alone:>26,.0f}"
        )


if __name__ == "__main__":
    main()
