"""What the ledger answers where the table isn't as it should be, or AWS refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
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
