"""Verifying an audit trail while AWS fails: what passes is outlasted, what doesn't ends in one line and status 2."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from tests.trails import Outcome, Trail, chain

from audit_verification import clients
from audit_verification.bucket import AuditBucket
from common.head import Head
from common.product_table import head_key, to_item
from tests import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest

    from common.product_table import ProductTable


@pytest.fixture
def script_clients(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the clients that the script will use."""
    made = {"s3": clients.client("s3", 4), "dynamodb": clients.client("dynamodb", 4)}
    monkeypatch.setattr(clients, "client", lambda service, connections: made[service])
    return made


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return where the script's pauses after failures are noted; none is made."""
    made: list[float] = []
    monkeypatch.setattr(clients.time, "sleep", made.append)
    return made


@pytest.fixture
def whole_trail(trail: Trail, table: ProductTable) -> Trail:
    """Return a trail and a table that agree."""
    records = chain(20)
    trail.put_all(records)
    head = Head(20, records[-1]["hash"], records[0]["changeId"])
    item = {**head_key(records[-1]["productId"]), **head.attributes(records[-1]["productId"])}
    table.client.put_item(TableName=table.name, Item=to_item(item))
    return trail


FAILURES: list[dict[str, Any]] = [
    {"status": 503, "code": "SlowDown"},
    {"status": 500, "code": "InternalError"},
    {"error": ReadTimeoutError(endpoint_url="")},
    {"error": ConnectionClosedError(endpoint_url="")},
]
CALLS = [
    ("s3", "GetBucketVersioning"),
    ("s3", "ListObjectVersions"),
    ("s3", "GetObject"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "Scan"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: str(failure.get("code") or failure["error"]))
@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_failure_that_passes_is_outlasted(
    verify: Callable[..., Outcome],
    whole_trail: Trail,
    script_clients: dict[str, Any],
    aws_fails: Callable[..., None],
    pauses: list[float],
    service: str,
    operation: str,
    failure: dict[str, Any],
) -> None:
    # Nothing is known to be there before the first call, so it isn't tried for long.
    times = clients.ATTEMPTS - 1 if operation == "GetBucketVersioning" else clients.ATTEMPTS + 2
    aws_fails(script_clients[service], operation, **failure, times=times)
    outcome = verify("--table", os.environ["TABLE_NAME"])
    assert (outcome.status, outcome.found) == (0, [])


def test_throttling_of_all_reads_at_once_is_outlasted(
    verify: Callable[..., Outcome], trail: Trail, script_clients: dict[str, Any], pauses: list[float]
) -> None:
    """More failures than a client's allowance for further attempts (500 tokens, 5 for each) covers."""
    trail.put_all(chain(40))
    failures: Counter[str] = Counter()

    def send(operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
        if operation != "s3.GetObject" or failures[request.url] == 5:
            return faults.to_moto(operation, request)
        failures[request.url] += 1
        return faults.refusal(operation, request, 503, "SlowDown")

    with faults.between([script_clients["s3"]], send):
        outcome = verify("--workers", "40")
    assert (outcome.status, outcome.found) == (0, [])
    assert failures.total() == 200


@pytest.mark.parametrize(("service", "operation"), CALLS)
@pytest.mark.parametrize("failure", [{"status": 403, "code": "AccessDenied"}, {"status": 503, "code": "SlowDown"}])
def test_failure_that_stays_ends_in_one_line(
    verify: Callable[..., Outcome],
    whole_trail: Trail,
    script_clients: dict[str, Any],
    aws_fails: Callable[..., None],
    pauses: list[float],
    service: str,
    operation: str,
    failure: dict[str, Any],
) -> None:
    aws_fails(script_clients[service], operation, **failure)
    outcome = verify("--table", os.environ["TABLE_NAME"])
    assert (outcome.status, outcome.output) == (2, "")
    last = outcome.errors.splitlines()[-1]
    assert last.startswith(f"error: could not verify {whole_trail.bucket}: ")
    assert failure["code"] in last
    assert operation in last


def test_body_that_ends_early_is_read_again(
    verify: Callable[..., Outcome], whole_trail: Trail, script_clients: dict[str, Any], pauses: list[float]
) -> None:
    short = iter(range(3))

    def send(operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
        if operation != "s3.GetObject" or next(short, None) is None:
            return faults.to_moto(operation, request)
        return AWSResponse(request.url, 200, {"Content-Length": "500"}, MockRawResponse("{"))  # type: ignore[arg-type]

    with faults.between([script_clients["s3"]], send):
        outcome = verify()
    assert (outcome.status, outcome.found) == (0, [])
    assert len(pauses) == 3


def test_interruption_ends_in_one_line(
    verify: Callable[..., Outcome], whole_trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(AuditBucket, "read", interrupted)
    outcome = verify()
    assert (outcome.status, outcome.output) == (130, "")
    assert outcome.errors.splitlines()[-1].startswith("error: interrupted")
