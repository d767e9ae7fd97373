"""Writers who get in between the creator's reading and its storing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.changes import FIELDS, OTHER_PRODUCT, PRODUCT, create, update

from common import aws
from common.product_table import record_key
from ledger import Ledger, Overtaken
from pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.change import Change
    from common.product_table import ProductTable


@pytest.fixture
def between(table: ProductTable, audit_queue_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pipeline]:
    """Return what makes a pipeline whose every transaction finds the next of some changes just applied by another."""

    def pipeline(*rivals: Change) -> Pipeline:
        rival = Pipeline(Ledger(aws.client("dynamodb"), table.name), aws.client("sqs"), audit_queue_url)
        client = aws.client("dynamodb")
        waiting = iter(rivals)

        def apply_next(**_: object) -> None:
            change = next(waiting, None)
            if change is not None:
                rival.apply(change)

        client.meta.events.register("before-call.dynamodb.TransactWriteItems", apply_next)
        return Pipeline(Ledger(client, table.name), aws.client("sqs"), audit_queue_url)

    monkeypatch.setattr("time.sleep", lambda _: None)
    return pipeline


def test_change_overtaken_by_another_is_decided_again_on_what_is_there_now(
    between: Callable[..., Pipeline], table: ProductTable
) -> None:
    pipeline = between()
    pipeline.apply(create())
    record = between(update(1, price="1.00"), update(2, price="2.00")).apply(update(3, currency="EUR"))
    assert record["sequence"] == 4
    assert record["after"] is not None
    assert (record["after"]["price"], record["after"]["currency"]) == ("2.00", "EUR")
    records = [table.item(record_key(PRODUCT, sequence)) or {} for sequence in (1, 2, 3, 4)]
    assert [each["previousHash"] for each in records[1:]] == [each["hash"] for each in records[:-1]]


def test_name_taken_by_another_in_between_is_refused(between: Callable[..., Pipeline], table: ProductTable) -> None:
    record = between(create(product_id=OTHER_PRODUCT)).apply(create(1))
    assert (record["status"], record["reason"]) == ("REJECTED", "NameTaken")
    assert table.name_holder(str(FIELDS["name"])) == OTHER_PRODUCT


def test_same_change_applied_by_another_in_between_has_one_record(
    between: Callable[..., Pipeline], table: ProductTable
) -> None:
    change = create()
    record = between(change).apply(change)
    assert record["sequence"] == 1
    assert table.item(record_key(PRODUCT, 2)) is None


def test_change_that_is_overtaken_every_time_goes_back_to_the_queue(
    between: Callable[..., Pipeline], table: ProductTable
) -> None:
    between().apply(create())
    rivals = [update(at, price=f"{at}.00") for at in range(1, 40)]
    with pytest.raises(Overtaken):
        between(*rivals).apply(update(50, currency="EUR"))
    head = table.head(PRODUCT)
    assert head is not None
    assert head.product is not None
    assert head.product["currency"] == "ZAR"
