"""How many passed and failed, of checks and tests alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Counts:
    """How many tests ended how.

    >>> str(Counts(12, 0, 1))
    '12 passed, 0 failed, 1 skipped'
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def counts_of(report: Path, status: int) -> Counts:
    """Return what a pytest run counted.

    Parameters
    ----------
    report
        The JUnit file that it was told to write.
    status
        Its exit status. A run that failed without a failing test, for lack of coverage or because it broke down,
        counts as one failure.
    """
    counts = Counts()
    try:
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314  written a moment ago
    except (OSError, ElementTree.ParseError):
        suites = []
    for suite in suites:
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        # A test whose teardown fails too counts twice among the failed.
        passed = max(0, int(suite.get("tests", 0)) - failed - skipped)
        counts += Counts(passed, failed, skipped)
    if status != 0 and not counts.failed:
        counts += Counts(failed=1)
    return counts
