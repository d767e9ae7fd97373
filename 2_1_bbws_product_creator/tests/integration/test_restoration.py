"""Replaying records into a restored table: it becomes what the original is, item by item."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.changes import OTHER_PRODUCT, PRODUCT, create, delete, update
from tests.drill import RESTORED, Drill, key_of
from tests.faults import between, refusal, to_moto
from tests.histories import deliveries, histories

import handler as creator
from common import timestamps
from common.attribute_values import to_item
from common.canonical import canonical_json
from common.change_record import record_hash
from common.product_table import ProductTable, claim_key, head_key, marker_key
from restoration.audit_trail_reader import NotARecord
from restoration.restoration import CannotReplay, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from common.change import Change
    from common.change_record import ChangeRecord


@pytest.fixture
def drill(table: ProductTable, audit_queue_url: str, audit_bucket: str, s3: Any, queued: Callable[..., Any]) -> Drill:
    return Drill(table, s3, audit_bucket, lambda: queued(audit_queue_url))


@pytest.fixture
def new_drill(new_table: Callable[[], ProductTable], s3: Any, queued: Callable[..., Any]) -> Callable[[], Drill]:
    """Return what makes all of it anew, for a test of many examples."""

    def renew() -> Drill:
        table = new_table()
        audit_queue_url, bucket = os.environ["AUDIT_QUEUE_URL"], os.environ["AUDIT_BUCKET"]
        creator.SQS.create_queue(QueueName=audit_queue_url.rpartition("/")[2])
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        return Drill(table, s3, bucket, lambda: queued(audit_queue_url))

    return renew


def replay(drill: Drill, order: list[str] | None = None, steps: int | None = None) -> int:
    """Replay the trail of today and return how many records were stored.

    Parameters
    ----------
    order
        In which order of the products.
    steps
        After how many steps to be interrupted.
    """
    left = None if steps is None else iter(range(steps))
    restoration = drill.restoration(lambda: left is not None and next(left, None) is None)
    trail = drill.trail().since(timestamps.now() - timedelta(hours=12))
    products = [product_id for product_id in order or sorted(trail) if product_id in trail]
    for product_id in products:
        restoration.check(product_id, trail[product_id])
    for product_id in products:
        restoration.replay(product_id, trail[product_id])
    for product_id in products:
        restoration.claim_name(product_id)
    return restoration.stored


@pytest.fixture
def cancel_transactions(drill: Drill, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """Return what has DynamoDB cancel the next so many transactions for some reason; nobody waits for the next one."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    reasons: list[str] = []

    def send(operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
        if operation != "dynamodb.TransactWriteItems" or not reasons:
            return to_moto(operation, request)
        why = [{"Code": "None"}, {"Code": reasons.pop()}]
        return refusal(operation, request, 400, "TransactionCanceledException", CancellationReasons=why)

    with between([drill.original.client], send):
        yield lambda reason, times: reasons.extend([reason] * times)


def resealed(record: ChangeRecord, **parts: object) -> Any:
    """Return a record in which something was altered by somebody who knows how to compute its hash."""
    altered = {**record, **parts}
    return {**altered, "hash": record_hash(altered)}


def attributed(change: Change) -> Change:
    """Return a change of which its caller says who asked for it, and why."""
    return {**change, "schemaVersion": 2, "actingUser": "Zoë", "changeNote": "A new price"}


def test_table_becomes_what_the_original_is(drill: Drill) -> None:
    drill.apply(create(name="Mine"), create(product_id=OTHER_PRODUCT, name="Theirs"), update(5, price="5.00"))
    drill.restore()
    decided = drill.apply(
        update(3, price="3.00", currency="EUR"),
        update(3, price="3.00", billingCycle="yearly"),
        update(4, price="4.00"),
        update(6, name="Theirs"),
        update(7, expected_version=99, price="7.00"),
        create(),
        delete(8),
        update(9, name="Ours", product_id=OTHER_PRODUCT),
        update(10, name="Theirs", active=True),
        attributed(update(11, price="11.00")),
    )
    assert {(record["status"], record["reason"]) for record in decided} == {
        ("APPLIED", None),
        ("SUPERSEDED", "NewerChangeApplied"),
        ("REJECTED", "NameTaken"),
        ("REJECTED", "VersionMismatch"),
        ("REJECTED", "IdempotencyKeyReused"),
    }
    assert drill.items(RESTORED) != drill.items(drill.original.name)

    assert replay(drill) == len(decided)

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_product_that_came_to_be_after_the_restore_point_is_there_as_it_was(drill: Drill) -> None:
    drill.restore()
    drill.apply(create(features=["Größe – 大きい 🐗", ""]), update(1, features=[]))

    assert replay(drill) == 2

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_second_run_changes_nothing(drill: Drill) -> None:
    drill.apply(create(name="Mine"))
    drill.restore()
    drill.apply(update(1, name="Ours"), create(product_id=OTHER_PRODUCT, name="Mine"))
    assert replay(drill) == 2

    assert replay(drill) == 0

    assert drill.items(RESTORED) == drill.items(drill.original.name)


@pytest.mark.parametrize("order", [[PRODUCT, OTHER_PRODUCT], [OTHER_PRODUCT, PRODUCT]])
def test_names_that_went_from_product_to_product_end_where_they_were(drill: Drill, order: list[str]) -> None:
    """Whichever product is replayed first, it is ahead of the other."""
    drill.apply(create(name="One"), create(product_id=OTHER_PRODUCT, name="Two"))
    drill.restore()
    drill.apply(
        update(1, name="Three"),
        update(2, name="One", product_id=OTHER_PRODUCT),
        update(3, name="Two"),
        update(4, name="Three", product_id=OTHER_PRODUCT),
        update(5, name="One"),
        update(6, name="TWO", product_id=OTHER_PRODUCT),
    )

    replay(drill, order)

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_any_history_ends_as_it_did_wherever_it_was_cut_and_however_often_the_replay_was(
    new_drill: Callable[[], Drill],
) -> None:
    @settings(max_examples=max(12, settings().max_examples // 200))
    @given(st.data())
    def replays(data: st.DataObject) -> None:
        history = data.draw(histories(clashing=True))
        delivered = data.draw(deliveries(history))
        cut = data.draw(st.integers(0, len(delivered)))
        order = data.draw(st.permutations(sorted({change["productId"] for change in history})))
        drill = new_drill()
        drill.apply(*delivered[:cut])
        drill.restore()
        drill.apply(*delivered[cut:])
        for steps in data.draw(st.lists(st.integers(0, 12), max_size=3)):
            try:
                replay(drill, order, steps)
            except Stopped:
                continue
        replay(drill, order)
        assert drill.items(RESTORED) == drill.items(drill.original.name)

    replays()


@pytest.mark.parametrize("steps", range(3, 8))
def test_run_that_was_cut_short_is_finished_by_the_next_though_more_was_decided_meanwhile(
    drill: Drill, steps: int
) -> None:
    drill.apply(create(name="One"))
    drill.restore()
    drill.apply(update(1, name="Two"), update(2, name="Three"))
    with contextlib.suppress(Stopped):
        replay(drill, steps=steps)
    drill.apply(update(3, name="Four"), create(product_id=OTHER_PRODUCT, name="One"))

    replay(drill)

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_product_that_is_replayed_alone_leaves_the_names_of_others(drill: Drill) -> None:
    drill.apply(create(name="One"), create(product_id=OTHER_PRODUCT, name="Two"))
    drill.restore()
    drill.apply(update(1, name="Three"), update(2, name="One", product_id=OTHER_PRODUCT))
    replay(drill)

    replay(drill, [PRODUCT])

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_name_that_was_taken_long_before_the_restore_point_is_released(drill: Drill) -> None:
    (long_before,) = drill.apply(create(name="One"))
    drill.restore()
    drill.erase(long_before)
    drill.apply(update(1, name="Two"))

    replay(drill)

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_changes_that_are_applied_to_the_restored_table_later_continue_the_chain(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill.apply(create())
    drill.restore()
    decided = update(1, price="1.00")
    drill.apply(decided)
    replay(drill)
    monkeypatch.setattr(creator.PIPELINE.ledger, "name", RESTORED)

    again = creator.PIPELINE.apply(decided)
    following = creator.PIPELINE.apply(update(2, price="2.00"))

    assert (again["sequence"], following["sequence"], following["previousHash"]) == (2, 3, again["hash"])
    assert following["status"] == "APPLIED"


def test_record_that_a_clock_ahead_dated_tomorrow_is_found(drill: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    (record,) = drill.apply(create())
    drill.erase(record)
    drill.keep({**record, "appliedAt": "2026-11-23T00:00:30.000000Z"})
    now = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    monkeypatch.setattr(timestamps, "now", lambda: now)

    found = drill.trail().since(now - timedelta(minutes=5))

    assert [entry.applied_at for entry in found[PRODUCT]] == ["2026-11-23T00:00:30.000000Z"]


@pytest.mark.parametrize(("lost", "said"), [([2], "sequence 2 is"), ([2, 3], "sequence 2 to 3 is")])
def test_missing_record_stops_the_replay_before_anything_is_stored(drill: Drill, lost: list[int], said: str) -> None:
    drill.apply(create())
    drill.restore()
    records = drill.apply(*(update(at, price=f"{at}.00") for at in range(1, 5)))
    for record in records:
        if record["sequence"] in lost:
            drill.erase(record)
    before = drill.items(RESTORED)

    with pytest.raises(CannotReplay, match=f"{said} missing in the audit trail, which goes on with .*{PRODUCT}"):
        replay(drill)

    assert drill.items(RESTORED) == before


def test_two_records_of_one_sequence_stop_the_replay_before_anything_is_stored(drill: Drill) -> None:
    drill.restore()
    (record,) = drill.apply(create())
    drill.keep(resealed(record, appliedAt=timestamps.to_text(timestamps.now())))

    with pytest.raises(CannotReplay, match="sequence 1 is there twice"):
        replay(drill)

    assert drill.items(RESTORED) == []


def test_altered_record_is_not_stored_nor_any_after_it(drill: Drill) -> None:
    drill.apply(create())
    drill.restore()
    _, altered, _ = drill.apply(update(1, price="1.00"), update(2, price="2.00"), update(3, price="3.00"))
    drill.keep(altered, canonical_json({**altered, "requestedBy": "somebody else"}))

    with pytest.raises(NotARecord, match=f"{key_of(altered)} was altered"):
        replay(drill)

    head = drill.head(PRODUCT)
    assert (head.sequence, head.product and head.product["price"]) == (2, "1.00")


def test_record_that_was_altered_and_sealed_anew_breaks_the_chain(drill: Drill) -> None:
    drill.apply(create())
    drill.restore()
    altered, following = drill.apply(update(1, price="1.00"), update(2, price="2.00"))
    drill.keep(altered, canonical_json(resealed(altered, requestedBy="somebody else")))

    with pytest.raises(CannotReplay, match=f"sequence 3: previousHash is {following['previousHash']}, the record befo"):
        replay(drill)


def test_last_record_that_the_table_has_must_be_the_one_in_the_trail(drill: Drill) -> None:
    (record,) = drill.apply(create())
    drill.restore()
    drill.keep(record, canonical_json(resealed(record, requestedBy="somebody else")))

    with pytest.raises(CannotReplay, match="the table's last record is another than"):
        replay(drill)


def test_attribute_that_the_version_of_a_record_does_not_have_is_told(drill: Drill) -> None:
    drill.restore()
    (record,) = drill.apply(create())
    drill.keep(record, canonical_json(resealed(record, actingUser="Zoë")))

    with pytest.raises(NotARecord, match="has other attributes than a record"):
        replay(drill)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no record of a version from 1 to 2"),
        (b'{"recordVersion": 3}', "is no record of a version from 1 to 2"),
        (b'{"recordVersion": 1}', "has other attributes than a record"),
        (b'{"recordVersion": 2}', "has other attributes than a record"),
    ],
)
def test_object_that_is_no_record_is_named(drill: Drill, content: bytes, said: str) -> None:
    drill.restore()
    (record,) = drill.apply(create())
    drill.keep(record, content)

    with pytest.raises(NotARecord, match=f"{key_of(record)} {said}"):
        replay(drill)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"sequence": 2}, "holds another record"),
        ({"fields": {"price": 1.5}}, "has no hash"),
        ({"fields": {"name": "\ud800"}}, "has no hash"),
    ],
)
def test_record_that_is_another_or_has_no_hash_is_named(drill: Drill, parts: dict[str, object], said: str) -> None:
    drill.restore()
    (record,) = drill.apply(create())
    drill.keep(record, json.dumps({**record, **parts}).encode())

    with pytest.raises(NotARecord, match=f"{key_of(record)} {said}"):
        replay(drill)


def test_product_that_something_else_has_written_to_is_left_as_it_is(drill: Drill) -> None:
    drill.apply(create())
    drill.restore()
    drill.apply(update(1, currency="EUR"))
    drill.write(RESTORED, {**drill.item(RESTORED, head_key(PRODUCT)), "price": "0.01"})
    before = drill.items(RESTORED)

    with pytest.raises(CannotReplay, match="sequence 2: `before` isn't the product that the table holds"):
        replay(drill)

    assert drill.items(RESTORED) == before


def test_change_that_was_decided_otherwise_in_the_restored_table_is_told(drill: Drill) -> None:
    """Somebody let the creator write to it before everything was replayed."""
    drill.apply(create())
    drill.restore()
    (record,) = drill.apply(update(1, price="1.00"))
    drill.write(RESTORED, {**marker_key(record["changeId"]), "productId": PRODUCT, "sequence": 7})

    with pytest.raises(CannotReplay, match=f"sequence 2: the table has decided change {record['changeId']} otherwise"):
        replay(drill)


def test_name_that_another_product_has_is_told(drill: Drill) -> None:
    drill.restore()
    drill.apply(create(name="Mine"))
    drill.write(RESTORED, {**claim_key("Mine"), "productId": OTHER_PRODUCT})

    with pytest.raises(CannotReplay, match=f"its name 'Mine' is claimed by product {OTHER_PRODUCT}"):
        replay(drill)


def test_claims_from_before_names_were_compared_by_what_is_seen_stay_and_go_with_their_names(drill: Drill) -> None:
    """Two products of that time may have one name by today's rules, and what renames one of them comes in the trail."""
    names = {PRODUCT: "Plan\u00a0Pro", OTHER_PRODUCT: "Plan Pro"}
    former = {"PK": "NAME#plan\u00a0pro", "SK": "NAME", "productId": PRODUCT}
    drill.apply(create(name=names[PRODUCT]))
    table = drill.original
    table.client.delete_item(TableName=table.name, Key=to_item(claim_key("Plan Pro")))
    drill.write(table.name, former)
    drill.apply(create(name=names[OTHER_PRODUCT], product_id=OTHER_PRODUCT))
    drill.restore()
    replay(drill)
    restored = ProductTable(table.client, RESTORED)
    assert {product: restored.name_holder(name) for product, name in names.items()} == {
        PRODUCT: OTHER_PRODUCT,
        OTHER_PRODUCT: OTHER_PRODUCT,
    }
    assert restored.name_holder(names[PRODUCT], but_for=OTHER_PRODUCT) == PRODUCT

    drill.apply(update(1, name="Plan Max"))
    replay(drill)

    assert restored.name_holder(names[PRODUCT], but_for=OTHER_PRODUCT) is None
    assert restored.name_holder("Plan Max") == PRODUCT


@pytest.mark.parametrize("reason", ["ThrottlingError", "TransactionConflict"])
def test_cancelled_transaction_is_made_again(
    drill: Drill, reason: str, cancel_transactions: Callable[[str, int], None]
) -> None:
    drill.restore()
    drill.apply(create())
    cancel_transactions(reason, 3)

    assert replay(drill) == 1

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_throttling_that_does_not_pass_is_told(drill: Drill, cancel_transactions: Callable[[str, int], None]) -> None:
    drill.restore()
    drill.apply(create())
    cancel_transactions("ThrottlingError", 100)

    with pytest.raises(CannotReplay, match="sequence 1: DynamoDB throttled each attempt"):
        replay(drill)


def test_transaction_whose_answer_was_lost_is_not_made_twice(drill: Drill, aws_fails: Callable[..., None]) -> None:
    drill.restore()
    drill.apply(create())
    aws_fails(drill.original.client, "TransactWriteItems", status=500, code="InternalServerError", times=1, lost=True)

    assert replay(drill) == 1

    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_run_that_aws_ended_is_finished_by_the_next(drill: Drill, aws_fails: Callable[..., None]) -> None:
    drill.restore()
    drill.apply(create())
    client = drill.original.client
    # As often as the client tries by itself.
    aws_fails(client, "TransactWriteItems", status=500, code="InternalServerError", times=2, lost=True)
    with pytest.raises(ClientError, match="InternalServerError"):
        replay(drill)

    assert replay(drill) == 0

    assert drill.items(RESTORED) == drill.items(drill.original.name)
