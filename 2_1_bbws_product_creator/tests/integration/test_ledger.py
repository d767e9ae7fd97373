"""What the ledger answers where the table isn't as it should be, or AWS refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse
from tests.changes import PRODUCT, create

import handler as creator
from common.attribute_values import to_item
from common.product_table import marker_key, record_key

if TYPE_CHECKING:
    from collections.abc import Callable

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
