from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.counts import Counts, counts_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.xml"
    file.write_text('<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>')
    return file


def test_failures_and_errors_are_failed(report: Path) -> None:
    assert counts_of(report, 1) == Counts(passed=4, failed=3, skipped=3)


def test_a_run_that_only_lacks_coverage_counts_as_one_failure(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.write_text('<testsuites><testsuite tests="5" failures="0" errors="0" skipped="0"/></testsuites>')

    assert counts_of(file, 1) == Counts(passed=5, failed=1)
    assert counts_of(file, 0) == Counts(passed=5)


@pytest.mark.parametrize("content", [None, "", "<testsuites"])
def test_a_run_that_broke_down_counts_as_one_failure(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "report.xml"
    if content is not None:
        file.write_text(content)

    assert counts_of(file, 2) == Counts(failed=1)


def test_skipped_is_only_said_where_something_was() -> None:
    assert str(Counts(3, 0, 0) + Counts(1, 1, 0)) == "4 passed, 1 failed"
    assert str(Counts(3, 0, 2)) == "3 passed, 0 failed, 2 skipped"
