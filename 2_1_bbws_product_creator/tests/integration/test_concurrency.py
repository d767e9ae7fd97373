"""Writers who get in between the creator's reading and its storing, and ten of them at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
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
    from common.change_record import ChangeRecord
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
    record = between(update(1, price="1.00"), update(2, price="2.00")).apply(update(3, billingCycle="yearly"))
    assert record["sequence"] == 4
    assert record["after"] is not None
    assert (record["after"]["price"], record["after"]["billingCycle"]) == ("2.00", "yearly")
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
        between(*rivals).apply(update(50, billingCycle="yearly"))
    head = table.head(PRODUCT)
    assert head is not None
    assert head.product is not None
    assert head.product["billingCycle"] == FIELDS["billingCycle"]


@pytest.fixture
def at_once(table: ProductTable, audit_queue_url: str) -> Callable[..., list[ChangeRecord]]:
    """Return what applies each of some changes through a pipeline of its own, all at the same time."""

    def apply(*changes: Change) -> list[ChangeRecord]:
        start = Barrier(len(changes))

        def writer(change: Change) -> ChangeRecord:
            pipeline = Pipeline(Ledger(aws.client("dynamodb"), table.name), aws.client("sqs"), audit_queue_url)
            start.wait(timeout=60)
            return pipeline.apply(change)

        with ThreadPoolExecutor(len(changes)) as threads:
            return list(threads.map(writer, changes))

    return apply


def test_ten_writers_of_one_product_lose_no_update_and_leave_no_gap(
    at_once: Callable[..., list[ChangeRecord]], table: ProductTable
) -> None:
    at_once(create())
    changes = [update(at, price=f"{at}.00") for at in range(1, 9)]
    changes += [update(0, description="Described anew."), update(20, billingCycle="yearly")]
    records = sorted(at_once(*changes), key=lambda record: record["sequence"])
    assert [record["sequence"] for record in records] == list(range(2, 12))
    assert [record["previousHash"] for record in records[1:]] == [record["hash"] for record in records[:-1]]
    assert {record["changeId"] for record in records} == {change["changeId"] for change in changes}
    head = table.head(PRODUCT)
    assert head is not None
    assert head.product is not None
    assert (head.product["price"], head.product["billingCycle"]) == ("8.00", "yearly")
    assert head.product["description"] == "Described anew."
    assert head.product["version"] == 1 + sum(record["status"] == "APPLIED" for record in records)


def test_ten_writers_of_one_name_leave_one_holder(
    at_once: Callable[..., list[ChangeRecord]], table: ProductTable
) -> None:
    ids = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(10)]
    records = at_once(*(create(product_id=product_id) for product_id in ids))
    (winner,) = (record for record in records if record["status"] == "APPLIED")
    assert [record["reason"] for record in records if record is not winner] == ["NameTaken"] * 9
    assert table.name_holder(str(FIELDS["name"])) == winner["productId"]


def test_ten_deliveries_of_one_change_at_once_make_one_record(
    at_once: Callable[..., list[ChangeRecord]], table: ProductTable
) -> None:
    change = create()
    records = at_once(*[change] * 10)
    assert all(record == records[0] for record in records)
    assert table.item(record_key(PRODUCT, 2)) is None
