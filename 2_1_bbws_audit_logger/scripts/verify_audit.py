#!/usr/bin/env python3
"""Verify an audit trail: that its records are unaltered, and that none is missing.

    verify_audit.py bbws-product-audit-logs-dev --table bbws-products-dev
    verify_audit.py bbws-product-audit-logs-dev --from 2026-11-01 --to 2026-11-30
    verify_audit.py bbws-product-audit-logs-dev --product 5f0c…

Every object is read and its hash computed again, every product's chain of hashes followed, and with --table its end
compared with what the product table holds. AWS is reached with the credentials, region and AWS_ENDPOINT_URL of the
environment. Findings and a summary go to stdout, progress to stderr.

Exit status: 0 nothing found, 1 something found, 2 not all could be verified, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

# What a record is, and its hash, is said where the function's own code says it.
sys.path.append(str(Path(__file__).resolve().parent.parent / "src"))

from audit_verification import clients
from audit_verification.bucket import AuditBucket
from audit_verification.findings import printable
from audit_verification.heads import NotAHead, ProductHeads
from audit_verification.progress import display
from audit_verification.scope import Scope
from audit_verification.threads import Threads
from audit_verification.verification import Report, Verification
from deployment import signals
from operations import argument_types
from operations.wording import counted

NOTHING_FOUND, FOUND, NOT_VERIFIED, INTERRUPTED = 0, 1, 2, 130

# S3 takes 100 to 200 ms for a small object, so that these read 320 to 640 objects a second at most, which two
# processors can follow; S3 serves 5,500 a second.
# Source: Amazon S3 user guide, "Best practices design patterns: optimizing Amazon S3 performance".
DEFAULT_WORKERS = 64

DEFAULT_PATIENCE_SECONDS = 15.0


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line asks for, print what came of it and return the exit status."""
    signals.obey()
    options = _parsed(arguments)
    try:
        return _verify(options)
    except (BotoCoreError, ClientError, NotAHead) as error:
        print(f"error: could not verify {options.bucket}: {printable(str(error))}", file=sys.stderr)
        return NOT_VERIFIED
    except KeyboardInterrupt:
        print(f"error: interrupted, {options.bucket} is not verified", file=sys.stderr)
        return INTERRUPTED


def _verify(options: argparse.Namespace) -> int:
    scope = Scope(options.product, options.first_day, options.last_day)
    bucket = AuditBucket(clients.client("s3", options.workers), options.bucket)
    heads = ProductHeads(clients.client("dynamodb", options.workers), options.table) if options.table else None
    # What can't be there at all shows before anything is read.
    keeps_versions = bucket.keeps_versions()
    if heads is not None:
        heads.of("")

    started = time.monotonic()
    with display(sys.stderr) as progress, Threads(options.workers) as threads:
        report = Verification(bucket, scope, heads, threads, progress).run(options.wait)
    seconds = time.monotonic() - started

    for finding in report.findings:
        print(finding)
    for line in _summary(report, seconds, keeps_versions):
        print(line)
    if report.findings:
        return FOUND
    return NOT_VERIFIED if report.archived else NOTHING_FOUND


def _summary(report: Report, seconds: float, keeps_versions: bool) -> list[str]:
    """Return what to say beside the findings."""
    read = f"{counted(report.objects, 'object')} of {counted(report.products, 'product')}"
    lines = [f"verified {read} in {seconds:.1f} s ({report.objects / max(seconds, 0.001):,.0f} objects/s)"]
    if report.products_in_table is not None:
        lines.append(f"compared with {counted(report.products_in_table, 'product')} in the table")
    if report.not_compared:
        count = counted(report.not_compared, "product")
        lines.append(f"not compared with the table: {count}, without a record in the range")
    if report.without_predecessor:
        count = counted(report.without_predecessor, "product")
        lines.append(f"not linked to the record before: the first record in the range, of {count}")
    if not keeps_versions:
        lines.append("the bucket keeps no versions: objects written over or removed don't show by themselves")
    if report.archived:
        first, last = printable(report.archived[0]), printable(report.archived[-1])
        lines.append(
            f"not read: {counted(len(report.archived), 'archived object')}, from {first} to {last}; restore them "
            "first, or leave them out with --from"
        )
    found = Counter(finding.kind for finding in report.findings)
    counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.items()))
    lines.append(f"{len(report.findings):,} found: {counts}" if found else "nothing found")
    return lines


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bucket", metavar="BUCKET", help="the audit bucket")
    parser.add_argument("--product", type=argument_types.product_id, metavar="ID", help="verify one product alone")
    for option, name, which in (("--from", "first_day", "first"), ("--to", "last_day", "last")):
        parser.add_argument(
            option, dest=name, type=_day, metavar="YYYY-MM-DD", help=f"the {which} day of appliedAt to verify, UTC"
        )
    parser.add_argument("--table", metavar="NAME", help="compare with the product table, which is scanned")
    parser.add_argument(
        "--workers",
        type=argument_types.workers,
        default=DEFAULT_WORKERS,
        metavar="N",
        help="reads at a time; default: %(default)s",
    )
    parser.add_argument(
        "--wait",
        type=argument_types.seconds,
        default=DEFAULT_PATIENCE_SECONDS,
        metavar="SECONDS",
        help="for how long to look again for records that may be on their way; default: %(default)s",
    )
    options = parser.parse_args(arguments)
    if options.first_day and options.last_day and options.first_day > options.last_day:
        parser.error("argument --to: must not be before --from")
    return options


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise argparse.ArgumentTypeError("must be a day in the form 2026-11-22")
    return day


if __name__ == "__main__":
    sys.exit(main())
