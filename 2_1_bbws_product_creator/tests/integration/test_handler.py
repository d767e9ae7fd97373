"""The creator through its handler: messages in, table and audit queue out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.changes import FIELDS, OTHER_PRODUCT, PRODUCT, create, delete, requested_at, update

import handler as creator
from common import timestamps
from common.change import SCHEMA_VERSION
from common.change_record import RECORD_ATTRIBUTES, record_hash
from common.product_table import claim_key, head_key, marker_key, record_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient
    from tests.conftest import DeadLetter, Measured

    from common.batch import BatchAnswer, SqsEvent
    from common.change import Change
    from common.product_table import ProductTable

pytestmark = pytest.mark.usefixtures("table", "audit_queue_url")

NAME = str(FIELDS["name"])


@pytest.fixture
def deliver(sqs_event: Callable[..., SqsEvent], lambda_context: LambdaContext) -> Callable[..., BatchAnswer]:
    """Return what hands changes, or other bodies, to the handler as one batch."""

    def deliver(*bodies: Change | str) -> BatchAnswer:
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return creator.handler(sqs_event(*texts), lambda_context)

    return deliver


def failed(answer: BatchAnswer) -> int:
    """Return how many messages of a batch are to be delivered again."""
    return len(answer["batchItemFailures"])


def test_releases_own_message_waits_and_leaves_nothing_behind(
    lambda_context: LambdaContext,
    table: ProductTable,
    queued: Callable[[str], list[dict[str, object]]],
    audit_queue_url: str,
    logged: Callable[[], list[dict[str, str]]],
    measured: Callable[[], list[Measured]],
) -> None:
    file = Path(__file__).parents[2] / "scripts" / "smoke_test.json"
    smoke = json.loads(file.read_text(encoding="utf-8"))["invocation"]
    (message,) = smoke["event"]["Records"]
    message["body"] = message["body"].replace("{now}", timestamps.to_text(timestamps.now()))

    assert creator.handler(smoke["event"], lambda_context) == smoke["expected"]
    (entry,) = logged()
    assert smoke["logged"] in entry["exception"]
    # What watches a release would take it for a failure.
    assert measured() == []
    assert table.item(head_key(json.loads(message["body"])["productId"])) is None
    assert queued(audit_queue_url) == []


def test_applied_change_is_stored_whole(deliver: Callable[..., BatchAnswer], table: ProductTable) -> None:
    change = create()
    assert failed(deliver(change)) == 0
    head = table.item(head_key(PRODUCT))
    stored = table.item(record_key(PRODUCT, 1))
    marker = table.item(marker_key(change["changeId"]))
    assert head is not None
    assert stored is not None
    assert marker is not None
    assert (head["entityType"], head["sequence"], head["version"], head["price"]) == ("PRODUCT", 1, 1, "299.99")
    assert head["createChangeId"] == change["changeId"]
    assert head["GSI1_SK"] == f"000299.99#{PRODUCT}"
    assert head["GSI4_SK"] == f"ZAR#000000000299.990#{PRODUCT}"
    assert head["GSI2_SK"] == f"{NAME.lower()}\t{PRODUCT}"
    assert head["GSI3_SK"] == f"{change['requestedAt']}#{PRODUCT}"
    assert head["GSI1_PK"] == head["GSI2_PK"] == head["GSI3_PK"] == head["GSI4_PK"] == "PRODUCT#ACTIVE"
    assert head["lastHash"] == stored["hash"]
    assert stored["entityType"] == "CHANGE"
    assert (marker["productId"], marker["sequence"]) == (PRODUCT, 1)
    applied_at = timestamps.from_text(str(stored["appliedAt"]))
    assert marker["expiresAt"] == stored["expiresAt"] == int((applied_at + timedelta(days=90)).timestamp())
    assert (table.item(claim_key(NAME)) or {})["productId"] == PRODUCT


def test_record_is_passed_on_to_the_audit_queue(
    deliver: Callable[..., BatchAnswer], queued: Callable[[str], list[dict[str, object]]], audit_queue_url: str
) -> None:
    change = create()
    deliver(change)
    (record,) = queued(audit_queue_url)
    assert set(record) == set(RECORD_ATTRIBUTES)
    assert record["changeId"] == change["changeId"]
    assert record["hash"] == record_hash(record)


def test_record_is_passed_on_in_ascii_whatever_a_customer_wrote(
    deliver: Callable[..., BatchAnswer], sqs: SQSClient, audit_queue_url: str
) -> None:
    """SQS refuses some characters, and replaces others; the record's hash must survive."""
    deliver(create(name="Wörd \u2028 \U0001f680 Press"))
    (message,) = sqs.receive_message(QueueUrl=audit_queue_url)["Messages"]
    assert message["Body"].isascii()
    assert json.loads(message["Body"])["fields"]["name"] == "Wörd \u2028 \U0001f680 Press"


def test_repeated_message_changes_nothing_and_passes_its_record_on_again(
    deliver: Callable[..., BatchAnswer],
    queued: Callable[[str], list[dict[str, object]]],
    audit_queue_url: str,
    table: ProductTable,
) -> None:
    first, second = create(), update(1, price="1.00")
    deliver(first, second)
    before = table.item(head_key(PRODUCT))
    records = queued(audit_queue_url)
    assert failed(deliver(second, first, second)) == 0
    assert table.item(head_key(PRODUCT)) == before
    assert table.item(record_key(PRODUCT, 3)) is None
    repeats = sorted(queued(audit_queue_url), key=lambda record: str(record["sequence"]))
    assert repeats == [records[0], records[1], records[1]]


def test_product_can_be_changed_withdrawn_and_restored(
    deliver: Callable[..., BatchAnswer], table: ProductTable
) -> None:
    assert failed(deliver(create(), update(1, name="Another name"), delete(2))) == 0
    assert table.name_holder(NAME) is None
    assert table.name_holder("another NAME") is None
    withdrawn = table.item(head_key(PRODUCT))
    assert withdrawn is not None
    assert (withdrawn["active"], withdrawn["GSI1_PK"]) == (False, "PRODUCT#INACTIVE")
    deliver(update(3, active=True))
    assert table.name_holder("Another name") == PRODUCT


def test_name_is_held_by_the_first_who_takes_it(
    deliver: Callable[..., BatchAnswer],
    table: ProductTable,
    queued: Callable[[str], list[dict[str, object]]],
    audit_queue_url: str,
) -> None:
    refused = create(1, product_id=OTHER_PRODUCT, name=NAME.upper())
    assert failed(deliver(create())) == failed(deliver(refused)) == 0
    assert table.name_holder(NAME) == PRODUCT
    head = table.item(head_key(OTHER_PRODUCT))
    assert head is not None
    assert set(head) == {"PK", "SK", "entityType", "productId", "sequence", "lastHash", "createChangeId"}
    assert [record["reason"] for record in queued(audit_queue_url)] == [None, "NameTaken"]


def test_change_waits_until_its_product_is_there(deliver: Callable[..., BatchAnswer], table: ProductTable) -> None:
    waiting = update(1, price="1.00")
    assert failed(deliver(waiting)) == 1
    assert table.item(marker_key(waiting["changeId"])) is None
    assert failed(deliver(create(), waiting)) == 0
    head = table.head(PRODUCT)
    assert head is not None
    assert head.product is not None
    assert head.product["price"] == "1.00"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"schemaVersion": SCHEMA_VERSION + 1}, "schemaVersion"),
        ({"requestedAt": "yesterday"}, "requestedAt"),
        ({"requestedAt": requested_at(60 * 60)}, "requestedAt: is more than 0:05:00 ahead"),
        ({"requestedAt": requested_at(-31 * 24 * 60 * 60)}, "requestedAt: is more than 30 days ago"),
        ({"fields": {}}, "fields"),
    ],
)
def test_message_that_can_never_be_applied_goes_to_the_dead_letter_queue_at_once(
    parts: dict[str, object],
    reason: str,
    deliver: Callable[..., BatchAnswer],
    table: ProductTable,
    dead_letters: Callable[[], list[DeadLetter]],
) -> None:
    bad = json.dumps({**create(product_id=OTHER_PRODUCT), **parts})
    assert failed(deliver(bad, create())) == 0
    (letter,) = dead_letters()
    assert letter.body == bad
    assert reason in letter.attributes["reason"]
    assert letter.attributes["functionVersion"] == "7"
    assert table.head(PRODUCT) is not None
    assert table.head(OTHER_PRODUCT) is None


def test_message_whose_record_could_not_be_passed_on_is_delivered_again(
    deliver: Callable[..., BatchAnswer],
    table: ProductTable,
    queued: Callable[[str], list[dict[str, object]]],
    audit_queue_url: str,
    aws_fails: Callable[..., None],
) -> None:
    change = create()
    aws_fails(creator.PIPELINE.sqs, "SendMessage", times=2)
    assert failed(deliver(change)) == 1
    assert table.head(PRODUCT) is not None
    assert queued(audit_queue_url) == []
    assert failed(deliver(change)) == 0
    (record,) = queued(audit_queue_url)
    assert record["sequence"] == 1
    assert table.item(record_key(PRODUCT, 2)) is None


def test_transaction_that_aws_throttles_stores_nothing_and_its_message_is_delivered_again(
    deliver: Callable[..., BatchAnswer], table: ProductTable, aws_fails: Callable[..., None]
) -> None:
    change = create()
    code = "ProvisionedThroughputExceededException"
    aws_fails(creator.PIPELINE.ledger.client, "TransactWriteItems", status=400, code=code, times=2)
    assert failed(deliver(change)) == 1
    assert table.head(PRODUCT) is None
    assert failed(deliver(change)) == 0
    assert table.head(PRODUCT) is not None


def test_transaction_whose_answer_was_lost_counts_once(
    deliver: Callable[..., BatchAnswer],
    table: ProductTable,
    aws_fails: Callable[..., None],
    queued: Callable[[str], list[dict[str, object]]],
    audit_queue_url: str,
) -> None:
    change = create()
    aws_fails(creator.PIPELINE.ledger.client, "TransactWriteItems", lost=True, times=2)
    deliver(change)
    deliver(change)
    assert table.item(record_key(PRODUCT, 2)) is None
    assert {record["sequence"] for record in queued(audit_queue_url)} == {1}


def test_log_has_the_ids_and_nothing_of_what_the_customer_wrote(
    deliver: Callable[..., BatchAnswer], logged: Callable[[], list[dict[str, object]]]
) -> None:
    change = create()
    deliver(change)
    (entry,) = logged()
    assert (entry["change_id"], entry["product_id"], entry["status"]) == (change["changeId"], PRODUCT, "APPLIED")
    assert NAME not in json.dumps(entry)


def test_log_of_a_failure_has_the_ids_of_its_change_and_of_no_other(
    deliver: Callable[..., BatchAnswer], logged: Callable[[], list[dict[str, object]]]
) -> None:
    waiting = update(1, price="1.00", product_id=OTHER_PRODUCT)
    deliver(create(), waiting)
    (failure,) = [entry for entry in logged() if entry["level"] == "ERROR"]
    assert (failure["change_id"], failure["product_id"]) == (waiting["changeId"], OTHER_PRODUCT)
    assert failure["request_id"] == waiting["requestId"]


def counts(measured: list[Measured]) -> list[tuple[str, str]]:
    """Return the counted decisions: what became of a change, and its type."""
    return [(found.name, found.dimensions["ChangeType"]) for found in measured if "ChangeType" in found.dimensions]


def test_each_decision_is_counted_by_what_became_of_the_change_and_by_its_type(
    deliver: Callable[..., BatchAnswer], measured: Callable[[], list[Measured]]
) -> None:
    deliver(create(), update(2, price="1.00"))
    deliver(update(1, price="2.00"), delete(3, expected_version=9))
    found = measured()
    assert counts(found) == [
        ("AppliedChanges", "CREATE"),
        ("AppliedChanges", "UPDATE"),
        ("SupersededChanges", "UPDATE"),
        ("RejectedChanges", "DELETE"),
    ]
    assert {each.value for each in found if each.unit == "Count"} == {1}


def test_time_from_request_to_decision_is_measured(
    deliver: Callable[..., BatchAnswer],
    measured: Callable[[], list[Measured]],
    queued: Callable[[str], list[dict[str, object]]],
    audit_queue_url: str,
) -> None:
    deliver(create(-60))
    (delay,) = [found for found in measured() if found.name == "RequestToApplied"]
    (record,) = queued(audit_queue_url)
    elapsed = timestamps.from_text(str(record["appliedAt"])) - timestamps.from_text(str(record["requestedAt"]))
    assert (delay.unit, delay.dimensions) == ("Milliseconds", {"Environment": "local"})
    assert delay.value == pytest.approx(elapsed.total_seconds() * 1000)
    assert delay.value >= 60_000


def test_change_is_counted_once_however_often_it_is_delivered(
    deliver: Callable[..., BatchAnswer],
    measured: Callable[[], list[Measured]],
    aws_fails: Callable[..., None],
) -> None:
    change = create()
    aws_fails(creator.PIPELINE.sqs, "SendMessage", times=2)
    assert failed(deliver(change)) == 1
    assert counts(measured()) == [("AppliedChanges", "CREATE")]
    assert failed(deliver(change, change)) == 0
    assert measured() == []


def test_change_that_was_not_decided_is_not_counted(
    deliver: Callable[..., BatchAnswer], measured: Callable[[], list[Measured]]
) -> None:
    assert failed(deliver(update(1, price="1.00"))) == 1
    assert measured() == []
