"""Messages come in any order and more than once: what they leave is the same."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest
from stack import assert_chained, creation, eventually, new_name, stamp, update, withdrawal

if TYPE_CHECKING:
    from stack import Change, Stack

APPLIED, SUPERSEDED = ("APPLIED", None), ("SUPERSEDED", "NewerChangeApplied")


def test_message_that_comes_twice_leaves_one_record(stack: Stack) -> None:
    change = creation()
    stack.submit(change, change)
    stack.settle()
    head = stack.head(change["productId"])
    stack.apply(change, change)
    assert stack.outcomes(change["productId"]) == [APPLIED]
    assert stack.head(change["productId"]) == head
    assert len(stack.audit_trail(change["productId"])) == 1


def test_repeats_of_all_messages_after_the_last_change_nothing(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    changes = [
        created,
        update(product_id, ago=50, price="1.00"),
        withdrawal(product_id, ago=40),
        update(product_id, ago=30, active=True, name=new_name("again")),
    ]
    stack.apply(*changes)
    head, records = stack.head(product_id), stack.records(product_id)
    stack.submit(*changes, *changes[::-1])
    stack.settle()
    assert stack.head(product_id) == head
    assert stack.records(product_id) == records
    assert [found.record for found in stack.audit_trail(product_id)] == records


def test_repeated_message_mends_an_audit_trail_that_its_record_never_reached(stack: Stack) -> None:
    change = creation()
    stack.apply(change)
    (written,) = stack.audit_trail(change["productId"])
    for version in stack.versions(written.key):
        stack.s3.delete_object(Bucket=stack.audit_bucket, Key=written.key, VersionId=version)
    assert stack.audit_trail(change["productId"]) == []
    stack.apply(change)
    assert stack.audit_trail(change["productId"]) == [written]


def test_older_change_never_overwrites_a_newer_one(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    newer, older = update(product_id, ago=10, price="2.00"), update(product_id, ago=20, price="1.00")
    stack.apply(created, newer)
    before = stack.product(product_id)
    stack.apply(older)
    assert stack.product(product_id) == before
    assert before["price"] == "2.00"
    assert stack.outcomes(product_id) == [APPLIED, APPLIED, SUPERSEDED]
    superseded = stack.records(product_id)[-1]
    assert superseded["fields"] == {"price": "1.00"}
    assert superseded["version"] == 2


def test_older_change_still_sets_what_no_newer_one_has_set(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    newer = update(product_id, ago=10, price="2.00", currency="ZAR")
    older = update(product_id, ago=20, price="1.00", currency="USD", billingCycle="yearly")
    stack.apply(created, newer, older)
    product = stack.product(product_id)
    assert (product["price"], product["currency"]) == ("2.00", "ZAR")
    assert (product["billingCycle"], product["version"]) == ("yearly", 3)
    assert product["dateLastUpdated"] == newer["requestedAt"]


def test_of_two_changes_of_one_moment_the_greater_id_wins_in_either_order(stack: Stack) -> None:
    for first, second in itertools.permutations(range(2)):
        created = creation()
        product_id = created["productId"]
        changes = [update(product_id, price="1.00"), update(product_id, price="2.00")]
        changes[1]["requestedAt"] = changes[0]["requestedAt"]
        changes.sort(key=stamp)
        stack.apply(created, changes[first], changes[second])
        assert stack.product(product_id)["price"] == changes[1]["fields"]["price"]  # type: ignore[index]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_every_order_of_delivery_ends_in_the_same_product(stack: Stack, order: tuple[int, ...]) -> None:
    created = creation(ago=60)
    product_id, name = created["productId"], new_name("final name")
    changes = [
        update(product_id, ago=50, price="1.00", name=new_name("passing name")),
        withdrawal(product_id, ago=40),
        update(product_id, ago=30, active=True, name=name),
        update(product_id, ago=20, price="2.00"),
    ]
    stack.apply(created, *(changes[number] for number in order))
    product = stack.product(product_id)
    assert (product["name"], product["price"], product["active"]) == (name, "2.00", True)
    assert product["dateLastUpdated"] == changes[3]["requestedAt"]
    assert stack.name_holder(name) == product_id
    records = stack.records(product_id)
    assert_chained(records)
    assert len(records) == 5
    assert product["version"] == stack.outcomes(product_id).count(APPLIED)


def test_update_that_comes_before_its_creation_waits_for_it(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    early = update(product_id, price="1.00")
    stack.submit(early)
    eventually(lambda: stack.waiting(stack.change_queue) == (0, 1), "the update was received and not applied")
    assert stack.head(product_id) is None
    assert stack.marker(early) is None
    stack.submit(created)
    stack.settle()
    assert [record["changeId"] for record in stack.records(product_id)] == [created["changeId"], early["changeId"]]
    assert stack.product(product_id)["price"] == "1.00"


def test_many_changes_at_once_to_one_product_lose_nothing(stack: Stack) -> None:
    created = creation(ago=100)
    product_id = created["productId"]
    stack.apply(created)
    changes: list[Change] = [update(product_id, ago=90 - number, price=f"{number + 1}.00") for number in range(60)]
    shuffled = random.sample(changes, len(changes))
    stack.submit(*shuffled)
    stack.settle()
    records = stack.records(product_id)
    assert_chained(records)
    assert {record["changeId"] for record in records} == {change["changeId"] for change in [created, *changes]}
    product = stack.product(product_id)
    assert product["price"] == "60.00"
    assert product["version"] == stack.outcomes(product_id).count(APPLIED)
    assert [found.record for found in stack.audit_trail(product_id)] == records


def test_of_many_creations_of_one_name_at_once_one_is_applied(stack: Stack) -> None:
    name = new_name("wanted by many")
    changes = [creation(name=name.upper() if number % 2 else name) for number in range(30)]
    stack.submit(*changes)
    stack.settle()
    outcomes = {str(change["productId"]): stack.outcomes(change["productId"]) for change in changes}
    winners = [product_id for product_id, outcome in outcomes.items() if outcome == [APPLIED]]
    assert len(winners) == 1
    assert [outcome for outcome in outcomes.values() if outcome != [APPLIED]] == [[("REJECTED", "NameTaken")]] * 29
    assert stack.name_holder(name) == winners[0]
