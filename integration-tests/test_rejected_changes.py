"""Changes that are refused when they are applied: each leaves its record and changes nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from stack import assert_chained, creation, new_name, update, withdrawal, without_later

if TYPE_CHECKING:
    from stack import Change, Stack

APPLIED, TAKEN = ("APPLIED", None), ("REJECTED", "NameTaken")


def rejected_creation(stack: Stack, name: str) -> Change:
    """Return a creation that was rejected because another product has its name."""
    change = creation(name=name)
    stack.apply(creation(name=name), change)
    return change


def test_creation_of_a_taken_name_is_recorded_and_makes_no_product(stack: Stack) -> None:
    name = new_name("taken")
    first, second = creation(name=name), creation(name=name.upper())
    stack.apply(first, second)
    (record,) = stack.records(second["productId"])
    assert (record["status"], record["reason"], record["version"]) == ("REJECTED", "NameTaken", 0)
    assert (record["before"], record["after"]) == (None, None)
    assert without_later(record["fields"]) == second["fields"]
    assert stack.head(second["productId"]) == {
        "PK": f"PRODUCT#{second['productId']}",
        "SK": "METADATA",
        "entityType": "PRODUCT",
        "productId": second["productId"],
        "sequence": 1,
        "lastHash": record["hash"],
        "createChangeId": second["changeId"],
    }
    assert stack.name_holder(name) == first["productId"]
    assert [found.record for found in stack.audit_trail(second["productId"])] == [record]


def test_product_whose_creation_was_rejected_is_not_found(stack: Stack) -> None:
    path = f"products/{rejected_creation(stack, new_name('taken'))['productId']}"
    answers = [stack.call("GET", path), stack.call("PUT", path, {"price": 1}), stack.call("DELETE", path)]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(404, "ProductNotFound")] * 3


def test_rejected_creation_stays_rejected_when_the_name_becomes_free(stack: Stack) -> None:
    name = new_name("free again")
    holder, rejected = creation(name=name), creation(name=name)
    stack.apply(holder, rejected, withdrawal(holder["productId"]), rejected)
    assert stack.outcomes(rejected["productId"]) == [TAKEN]
    assert stack.name_holder(name) is None


@pytest.mark.parametrize("renamed", [False, True])
def test_update_to_a_taken_name_changes_nothing(stack: Stack, renamed: bool) -> None:
    name = new_name("taken")
    created = creation() if renamed else creation(name=name, active=False)
    product_id = created["productId"]
    stack.apply(creation(name=name), created)
    before = stack.product(product_id)
    wanted = {"name": name.upper()} if renamed else {"active": True}
    stack.apply(update(product_id, price="1.00", **wanted))
    assert stack.product(product_id) == before
    assert stack.outcomes(product_id) == [APPLIED, TAKEN]
    assert_chained(stack.records(product_id))


def test_second_creation_of_a_product_is_refused(stack: Stack) -> None:
    first = creation()
    product_id = str(first["productId"])
    stack.apply(first)
    before = stack.product(product_id)
    stack.apply(creation(product_id, ago=10))
    assert stack.product(product_id) == before
    assert stack.outcomes(product_id) == [APPLIED, ("REJECTED", "IdempotencyKeyReused")]


def test_change_to_another_version_than_the_expected_is_refused(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    matching = {**update(product_id, ago=30, price="1.00"), "expectedVersion": 1}
    stale = {**update(product_id, ago=20, price="2.00"), "expectedVersion": 1}
    stack.apply(created, matching, stale)
    product = stack.product(product_id)
    assert (product["price"], product["version"]) == ("1.00", 2)
    assert stack.outcomes(product_id) == [APPLIED, APPLIED, ("REJECTED", "VersionMismatch")]
    assert stack.records(product_id)[-1]["expectedVersion"] == 1


def test_changes_go_on_after_a_rejected_one(stack: Stack) -> None:
    name = new_name("taken")
    created = creation()
    product_id = created["productId"]
    stack.apply(
        creation(name=name), created, update(product_id, ago=30, name=name), update(product_id, ago=20, price="1.00")
    )
    assert stack.outcomes(product_id) == [APPLIED, TAKEN, APPLIED]
    records = stack.records(product_id)
    assert_chained(records)
    assert [record["version"] for record in records] == [1, 1, 2]


@pytest.mark.parametrize(
    "ago", [timedelta(days=29, hours=23), timedelta(minutes=-4)], ids=["29 days old", "4 min ahead"]
)
def test_change_is_applied_whatever_its_age_within_the_bounds(stack: Stack, ago: timedelta) -> None:
    change = creation(ago=ago)
    stack.apply(change)
    assert stack.outcomes(change["productId"]) == [APPLIED]
