"""What the ledger answers where the table isn't as it should be, or AWS refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse
from tests.changes import OTHER_PRODUCT, PRODUCT, create, update

import handler as creator
from common.attribute_values import to_item
from common.product_table import marker_key, record_key
from decision import decide, next_head, record
from ledger import Overtaken

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.change import Change
    from common.head import Head
    from common.product_table import ProductTable

pytestmark = pytest.mark.usefixtures("table", "audit_queue_url")


def test_transaction_cancelled_for_another_reason_than_a_rival_fails_as_it_is(aws_fails: Callable[..., None]) -> None:
    ledger = creator.PIPELINE.ledger
    aws_fails(ledger.client, "TransactWriteItems", status=400, code="TransactionCanceledException")
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        creator.PIPELINE.apply(create())
    assert ledger.head(PRODUCT) is None


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_transaction_that_was_throttled_or_in_anothers_way_is_tried_again(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    ledger = creator.PIPELINE.ledger
    failures = iter([reason, reason])

    def cancel(**_: object) -> AWSResponse | None:
        code = next(failures, None)
        if code is None:
            return None
        reasons = [{"Code": "None"}, {"Code": code}]
        body = json.dumps({"__type": "com.amazonaws#TransactionCanceledException", "CancellationReasons": reasons})
        return AWSResponse("https://dynamodb.example", 400, {}, MockRawResponse(body))

    ledger.client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", cancel)
    try:
        record = creator.PIPELINE.apply(create())
    finally:
        ledger.client.meta.events.unregister("before-send.dynamodb.TransactWriteItems", cancel)
    assert (record["status"], record["sequence"]) == ("APPLIED", 1)
    assert next(failures, None) is None


def test_record_of_a_change_that_was_never_decided_is_not_made_up() -> None:
    with pytest.raises(LookupError, match="marker"):
        creator.PIPELINE.ledger.decided("33333333-3333-4333-8333-333333333333")


def test_marker_without_its_record_is_an_error(table: ProductTable) -> None:
    change = create()
    creator.PIPELINE.apply(change)
    table.client.delete_item(TableName=table.name, Key=to_item(record_key(PRODUCT, 1)))
    assert table.item(marker_key(change["changeId"])) is not None
    with pytest.raises(LookupError, match="record"):
        creator.PIPELINE.apply(change)


def commit(before: Head | None, change: Change) -> None:
    """Store what is decided on a head, whatever the table has by now."""
    outcome = decide(before, change, None)
    made = record(before, change, outcome, change["requestedAt"])
    creator.PIPELINE.ledger.commit(before, next_head(before, outcome, made), made, outcome)


def test_decision_on_a_stale_head_is_refused_though_nothing_but_the_sequence_moved_on(table: ProductTable) -> None:
    """Not even the record that followed is in the way: like one that has expired, it is gone."""
    creator.PIPELINE.apply(create(product_id=OTHER_PRODUCT, name="Another name"))
    creator.PIPELINE.apply(create())
    stale = table.head(PRODUCT)
    assert creator.PIPELINE.apply(update(1, name="Another name"))["status"] == "REJECTED"
    table.client.delete_item(TableName=table.name, Key=to_item(record_key(PRODUCT, 2)))
    with pytest.raises(Overtaken):
        commit(stale, update(2, price="1.00"))
    head = table.head(PRODUCT)
    assert head is not None
    assert (head.sequence, head.product) == (2, stale.product if stale else None)


def test_record_is_never_written_over(table: ProductTable) -> None:
    creator.PIPELINE.apply(create())
    item = to_item({**record_key(PRODUCT, 2), "entityType": "CHANGE"})
    table.client.put_item(TableName=table.name, Item=item)
    with pytest.raises(Overtaken):
        commit(table.head(PRODUCT), update(1, price="1.00"))
    assert table.item(record_key(PRODUCT, 2)) == {**record_key(PRODUCT, 2), "entityType": "CHANGE"}
