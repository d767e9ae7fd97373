"""``make bench`` from its beginning to its end."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from comparison import report, rounds, rows, subjects, traffic
from comparison.canned_aws import CannedAws, PortUnusable
from local.failure import Failure
from local.layout import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = ROOT / "benchmarks" / "results"
VERIFY = ROOT / "2_1_bbws_audit_logger" / "scripts" / "verify_audit.py"
SUMMARY = re.compile(r"verified ([\d,]+) objects? of [\d,]+ products? in [\d.]+ s \(([\d,]+) objects/s\)")

FEWEST_ROUNDS, BATCH_ROUNDS, VERIFICATIONS = 11, 11, 3
# Each has ten records.
PRODUCTS = 500

MET, MISSED, NOT_MEASURED = 0, 1, 2


def bench() -> int:
    """Measure everything and show it. ``ROUNDS`` asks for more rounds, ``PORT`` for a port for what stands for AWS.

    Returns
    -------
    int
        The exit status: 1 where a target is missed, 2 where nothing could be measured.
    """
    console = Console()
    try:
        asked = {name: int(os.environ.get(name) or least) for name, least in (("ROUNDS", FEWEST_ROUNDS), ("PORT", 0))}
    except ValueError:
        print("bench: ROUNDS and PORT must be numbers", file=sys.stderr)
        return NOT_MEASURED
    bucket = traffic.AuditBucket(PRODUCTS)
    try:
        with CannedAws(traffic.operations(), bucket, asked["PORT"]) as aws, console.status("") as status:

            def said(text: str) -> None:
                status.update(text)

            said("packages and references")
            measured = subjects.prepare()
            found, results = _measured(measured, aws, max(asked["ROUNDS"], FEWEST_ROUNDS), said)
    except (Failure, PortUnusable) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return NOT_MEASURED
    about = {"python": platform.python_version(), "machine": platform.machine(), "processors": os.cpu_count()}
    report.write(RESULTS, found, results, about)
    console.print(report.table(found))
    missed = sum(not row.is_met for row in found)
    console.print(f"\n{len(found) - missed} of {len(found)} targets met; all of it is in {RESULTS.relative_to(ROOT)}/")
    return MISSED if missed else MET


def _measured(
    ready: dict[str, subjects.Subject], aws: CannedAws, count: int, said: Callable[[str], None]
) -> tuple[list[rows.Row], dict[str, list[rounds.Measured]]]:
    results = rounds.take_turns(rows.runs(ready), aws, count, said)
    batches = rounds.take_turns(rows.batch_runs(ready), aws, BATCH_ROUNDS, lambda text: said(f"batches, {text}"))
    said("verification of the audit trail")
    verified = sorted(_verified(aws) for _ in range(VERIFICATIONS))[VERIFICATIONS // 2]
    found = [*rows.compared(results), *rows.packages(ready), *rows.batches(batches), rows.verification(verified)]
    return found, results | {f"batches of {name}": measured for name, measured in batches.items()}


def _verified(aws: CannedAws) -> float:
    """Return how many objects a second verify_audit.py verifies, run as its users run it.

    Raises
    ------
    Failure
        If it finds anything wrong.
    """
    done = subprocess.run(
        [sys.executable, str(VERIFY), traffic.AuditBucket.NAME],
        env={**os.environ, **traffic.variables(aws.url(rows.S3_MS))},
        capture_output=True,
        text=True,
        check=False,
    )
    summary = SUMMARY.search(done.stdout)
    if done.returncode != 0 or summary is None:
        raise Failure(
            f"{Path(VERIFY).name} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}"
        )
    return float(summary[2].replace(",", ""))
