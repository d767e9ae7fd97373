"""An audit trail, and the script that verifies it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.trails import Outcome, Trail

import verify_audit

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

FINDING = re.compile(r"(?P<kind>[A-Z]\w+): product (?P<product>\S+), sequence (?P<sequence>\S+), (?P<key>.+?): (.+)")


@pytest.fixture
def trail(s3: S3Client, audit_bucket: str) -> Trail:
    """Return the audit trail in the audit bucket, empty."""
    return Trail(s3, audit_bucket)


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str], audit_bucket: str) -> Callable[..., Outcome]:
    """Return a function that runs scripts/verify_audit.py with further arguments, on the audit bucket or another."""

    def verify(*arguments: str, bucket: str = audit_bucket) -> Outcome:
        try:
            # What is found doesn't depend on how many workers there are, and there is nothing to wait for.
            status = verify_audit.main([bucket, "--workers", "4", "--wait", "0", *arguments])
        except SystemExit as ended:
            status = int(str(ended.code))
        output, errors = capsys.readouterr()
        lines = [FINDING.fullmatch(line) for line in output.splitlines()]
        return Outcome(status, [line.groups()[:4] for line in lines if line], output, errors)

    return verify
