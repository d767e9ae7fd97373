"""Whatever befalls a call to AWS: once the messages that failed are delivered again, all is as without the fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.changes import PRODUCT, create, delete, update
from tests.faults import FaultyAws, between, faults_of

import handler as creator
from common.change_record import record_hash, record_of
from common.product import LATER_DEFAULTS
from common.product_table import claim_key, marker_key, record_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from tests.conftest import DeadLetter
    from tests.faults import Fault

    from common.batch import SqsEvent
    from common.product_table import ProductTable

# A life with every kind of write: a name taken, one taken and one released, one released, one taken again.
LIFE = [create(name="First name"), update(1, name="Second name", price="1.00"), delete(2), update(3, active=True)]
POISON = "no JSON"

# What one batch of them asks of AWS; the first test sees to it that this is so.
CALLS = {
    "dynamodb.GetItem": 7,
    "dynamodb.TransactWriteItems": 4,
    "sqs.SendMessage bbws-product-audit-local": 4,
    "sqs.SendMessage bbws-product-change-dlq-local": 1,
}


@pytest.fixture
def deliver(sqs_event: Callable[..., SqsEvent], lambda_context: LambdaContext) -> Callable[[list[str]], list[str]]:
    """Return what delivers bodies as one batch and returns those that are to be delivered again."""

    def deliver(bodies: list[str]) -> list[str]:
        event = sqs_event(*bodies)
        answer = creator.handler(event, lambda_context)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        return [message["body"] for message in event["Records"] if message["messageId"] in failed]

    return deliver


@pytest.fixture
def with_fault(
    table: ProductTable, audit_queue_url: str, dead_letter_queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyAws]:
    """Return the AWS that the creator meets during a test."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    aws = FaultyAws()
    with between([creator.PIPELINE.ledger.client, creator.SQS], aws.send):
        yield aws


def test_batch_without_a_fault_makes_these_calls(
    with_fault: FaultyAws, deliver: Callable[[list[str]], list[str]]
) -> None:
    assert deliver([*map(json.dumps, LIFE), POISON]) == []
    assert with_fault.requests == CALLS


@pytest.mark.parametrize("fault", faults_of(CALLS), ids=str)
def test_fault_loses_nothing_and_does_nothing_twice(
    fault: Fault,
    with_fault: FaultyAws,
    deliver: Callable[[list[str]], list[str]],
    table: ProductTable,
    queued: Callable[[str], list[dict[str, object]]],
    audit_queue_url: str,
    dead_letters: Callable[[], list[DeadLetter]],
) -> None:
    with_fault.fault = fault
    waiting = [*map(json.dumps, LIFE), POISON]
    # At most: the batch, a second delivery of what failed, and a third of what waited for what failed.
    for _ in range(3):
        waiting = deliver(waiting)
    assert with_fault.happened == fault.attempts
    assert waiting == []
    records = [record_of(item) for item in stored_records(table)]
    assert_chain(records)
    assert_product_is_what_was_asked_for(table, records)
    audited = queued(audit_queue_url)
    assert {record["hash"] for record in audited} == {record["hash"] for record in records}
    assert all(record["hash"] == record_hash(record) for record in audited)
    assert {letter.body for letter in dead_letters()} == {POISON}


def stored_records(table: ProductTable) -> list[dict[str, Any]]:
    """Return the product's records, from the first to the first that isn't there."""
    records = []
    while record := table.item(record_key(PRODUCT, len(records) + 1)):
        records.append(record)
    return records


def assert_chain(records: list[Any]) -> None:
    """Each change has one record, and they are linked."""
    assert sorted(record["changeId"] for record in records) == sorted(change["changeId"] for change in LIFE)
    assert [record["sequence"] for record in records] == [1, 2, 3, 4]
    assert [record["previousHash"] for record in records] == [None, *(record["hash"] for record in records[:-1])]
    assert all(record["hash"] == record_hash(record) for record in records)


def assert_product_is_what_was_asked_for(table: ProductTable, records: list[Any]) -> None:
    """The table is as after a batch without a fault, but for what counts records."""
    head = table.head(PRODUCT)
    assert head is not None
    assert head.product is not None
    creation, update_, _, restoration = LIFE
    assert head.product == {
        "productId": PRODUCT,
        **LATER_DEFAULTS,
        **creation["fields"],
        **update_["fields"],
        "active": True,
        "dateCreated": creation["requestedAt"],
        "dateLastUpdated": restoration["requestedAt"],
        "lastUpdatedBy": "admin",
        "version": sum(record["status"] == "APPLIED" for record in records),
    }
    assert (head.sequence, head.last_hash) == (4, records[-1]["hash"])
    assert table.item(claim_key("First name")) is None
    assert table.name_holder("Second name") == PRODUCT
    for change in LIFE:
        assert table.item(marker_key(change["changeId"])) is not None
