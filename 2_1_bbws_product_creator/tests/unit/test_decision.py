"""The decision, by itself: no storage, no queue."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import pytest
from tests.changes import FIELDS, OTHER_PRODUCT, PRODUCT, create, delete, requested_at, update

from common.change_record import record_hash
from common.head import Head
from decision import ProductNotThereYet, decide, next_head, record, wanted_name

if TYPE_CHECKING:
    from common.change import Change
    from common.change_record import ChangeRecord

NOW = requested_at(60)
ATTRIBUTION = {"actingUser", "changeNote"}


def applied(*changes: Change, holders: dict[str, str] | None = None) -> tuple[Head, list[ChangeRecord]]:
    """Return what follows from changes that arrive in this order."""
    head: Head | None = None
    records = []
    for change in changes:
        outcome = decide(head, change, (holders or {}).get(wanted_name(head, change) or ""))
        records.append(record(head, change, outcome, NOW))
        head = next_head(head, outcome, records[-1])
    assert head is not None
    return head, records


def shown(head: Head) -> dict[str, object]:
    """Return what must not depend on the order of delivery."""
    assert head.product is not None
    return {name: value for name, value in head.product.items() if name != "version"}


def test_create_makes_version_one_of_the_product() -> None:
    change = create()
    head, (change_record,) = applied(change)
    assert head.product == {
        "productId": PRODUCT,
        **FIELDS,
        "version": 1,
        "dateCreated": change["requestedAt"],
        "dateLastUpdated": change["requestedAt"],
        "lastUpdatedBy": "admin",
    }
    assert head.create_change_id == change["changeId"]
    assert (change_record["status"], change_record["reason"]) == ("APPLIED", None)
    assert (change_record["before"], change_record["after"]) == (None, head.product)


def test_update_sets_the_given_fields_and_leaves_the_others() -> None:
    head, _ = applied(create(), update(1, price="199.00"))
    assert head.product is not None
    assert head.product["price"] == "199.00"
    assert head.product["name"] == FIELDS["name"]
    assert head.product["version"] == 2


def test_older_change_never_overwrites_a_newer_one() -> None:
    head, records = applied(create(), update(5, price="5.00"), update(3, price="3.00"))
    assert head.product is not None
    assert head.product["price"] == "5.00"
    assert (records[2]["status"], records[2]["reason"]) == ("SUPERSEDED", "NewerChangeApplied")
    assert head.product["version"] == 2


def test_older_change_still_sets_the_fields_that_no_newer_one_has_set() -> None:
    head, records = applied(
        create(), update(5, name="Five") | {"requestedBy": "late"}, update(3, name="Three", billingCycle="yearly")
    )
    assert head.product is not None
    assert (head.product["name"], head.product["billingCycle"]) == ("Five", "yearly")
    assert records[2]["status"] == "APPLIED"
    # Who changed the product last is whoever asked last, not whose change arrived last.
    assert head.product["lastUpdatedBy"] == "late"
    assert head.product["dateLastUpdated"] == records[1]["requestedAt"]


@pytest.mark.parametrize("order", [1, -1])
def test_price_and_currency_are_set_by_one_change_in_either_order(order: int) -> None:
    """Somebody sets 10 US dollars; somebody else, who still saw rands, 149 of them a moment later."""
    dollars, rands = update(1, price="10.00", currency="USD"), update(2, price="149.00", currency="ZAR")
    head, _ = applied(create(), *[dollars, rands][::order])
    assert head.product is not None
    assert (head.product["price"], head.product["currency"]) == ("149.00", "ZAR")
    assert head.stamps["price"] == head.stamps["currency"]


@pytest.mark.parametrize(
    ("fields", "at", "result"),
    [
        ({"price": "5.00"}, 4, ("5.00", "EUR")),
        ({"currency": "USD"}, 4, ("2.00", "USD")),
        ({"price": "5.00"}, 2, ("2.00", "EUR")),
        ({"currency": "USD"}, 2, ("2.00", "EUR")),
    ],
)
def test_message_that_holds_one_of_the_two_takes_the_other_from_the_product(
    fields: dict[str, object], at: int, result: tuple[str, str]
) -> None:
    """The first release sent them; what is newer than either of the two is newer than both."""
    head, records = applied(create(), update(3, price="2.00", currency="EUR"), update(at, **fields))
    assert head.product is not None
    assert (head.product["price"], head.product["currency"]) == result
    assert records[2]["status"] == ("APPLIED" if at > 3 else "SUPERSEDED")


@pytest.mark.parametrize(("at", "status"), [(4, "SUPERSEDED"), (6, "APPLIED")])
def test_stored_pair_is_as_new_as_the_newer_of_the_two(at: int, status: str) -> None:
    """As the first release stored it, where one change has set the price and a later one the currency."""
    head, _ = applied(create(), update(3, price="2.00"), update(5, currency="EUR"))
    assert head.stamps["price"] < head.stamps["currency"]
    outcome = decide(head, update(at, price="9.00", currency="USD"), None)
    assert outcome.status == status


def test_changes_of_the_same_moment_are_ordered_by_their_ids() -> None:
    first, second = update(3, price="1.00"), update(3, price="2.00")
    lower, higher = sorted((first, second), key=lambda change: change["changeId"])
    for order in ((lower, higher), (higher, lower)):
        head, _ = applied(create(), *order)
        assert head.product is not None
        assert head.product["price"] == higher["fields"]["price"]


def test_every_order_of_delivery_ends_in_the_same_product() -> None:
    changes = [update(1, price="1.00"), update(2, price="2.00", name="Another name"), delete(3), update(4, active=True)]
    creation = create()
    ends = [shown(applied(creation, *order)[0]) for order in itertools.permutations(changes)]
    assert all(end == ends[0] for end in ends)
    assert ends[0]["price"] == "2.00"
    assert ends[0]["active"] is True


@pytest.mark.parametrize("change", [update(1, price="1.00"), delete(1)])
def test_change_to_a_product_that_is_not_there_yet_has_to_wait(change: Change) -> None:
    with pytest.raises(ProductNotThereYet):
        decide(None, change, None)


def test_change_to_a_product_whose_creation_was_rejected_has_to_wait() -> None:
    head, _ = applied(create(), holders={"WordPress Professional Plan": OTHER_PRODUCT})
    with pytest.raises(ProductNotThereYet):
        decide(head, update(1, price="1.00"), None)


def test_creation_with_a_taken_name_is_rejected_and_leaves_a_head_without_a_product() -> None:
    change = create()
    head, (change_record,) = applied(change, holders={"WordPress Professional Plan": OTHER_PRODUCT})
    assert (change_record["status"], change_record["reason"]) == ("REJECTED", "NameTaken")
    assert (change_record["version"], change_record["after"]) == (0, None)
    assert change_record["fields"] == FIELDS
    assert head == Head(
        sequence=1, last_hash=change_record["hash"], create_change_id=change["changeId"], product=None, stamps={}
    )


def test_second_creation_of_the_same_product_is_rejected() -> None:
    head, records = applied(create(), create(1, name="Another name"))
    assert (records[1]["status"], records[1]["reason"]) == ("REJECTED", "IdempotencyKeyReused")
    assert head.product is not None
    assert head.product["name"] == FIELDS["name"]
    assert head.create_change_id == records[0]["changeId"]


def test_change_that_expects_another_version_is_rejected() -> None:
    _, records = applied(
        create(), update(1, expected_version=2, price="1.00"), update(2, expected_version=1, price="2.00")
    )
    assert [(each["status"], each["reason"]) for each in records[1:]] == [
        ("REJECTED", "VersionMismatch"),
        ("APPLIED", None),
    ]


def test_rejections_come_in_the_order_of_the_design() -> None:
    taken = {"Another name": OTHER_PRODUCT}
    stale = update(1, expected_version=9, name="Another name")
    late = update(1, name="Another name")
    _, records = applied(create(), update(2, name="Own name"), stale, late, holders=taken)
    assert [each["reason"] for each in records[2:]] == ["VersionMismatch", "NewerChangeApplied"]
    _, records = applied(create(), update(3, name="Another name"), holders=taken)
    assert records[1]["reason"] == "NameTaken"


def test_rejected_change_changes_nothing_but_the_chain() -> None:
    before, _ = applied(create())
    after, records = applied(create(), update(1, name="Another name"), holders={"Another name": OTHER_PRODUCT})
    assert after.product is not None
    assert before.product is not None
    assert after.product["name"] == before.product["name"]
    assert after.product["version"] == 1
    assert records[1]["before"] == records[1]["after"] == after.product
    assert after.sequence == 2


@pytest.mark.parametrize(
    ("history", "change", "takes", "releases"),
    [
        ([], create(), "WordPress Professional Plan", None),
        ([], create(active=False), None, None),
        ([create()], update(1, price="1.00"), None, None),
        ([create()], update(1, name="WORDPRESS professional plan"), None, None),
        ([create()], update(1, name="Another name"), "Another name", "WordPress Professional Plan"),
        ([create()], delete(1), None, "WordPress Professional Plan"),
        ([create(), delete(1)], update(2, name="Another name"), None, None),
        ([create(), delete(1)], update(2, active=True), "WordPress Professional Plan", None),
        ([create(), delete(1)], update(2, active=True, name="Another name"), "Another name", None),
        ([create()], update(1, active=False, name="Another name"), None, "WordPress Professional Plan"),
    ],
)
def test_active_products_hold_their_names(
    history: list[Change], change: Change, takes: str | None, releases: str | None
) -> None:
    head = applied(*history)[0] if history else None
    assert wanted_name(head, change) == takes
    outcome = decide(head, change, None)
    assert (outcome.status, outcome.takes, outcome.releases) == ("APPLIED", takes, releases)


def test_product_may_take_a_name_that_it_holds_itself() -> None:
    head, _ = applied(create(), delete(1))
    assert decide(head, update(2, active=True), PRODUCT).status == "APPLIED"


def test_records_form_a_chain_without_a_gap() -> None:
    head, records = applied(create(), update(2, price="2.00"), update(1, price="1.00"), delete(3))
    assert [each["sequence"] for each in records] == [1, 2, 3, 4]
    assert [each["previousHash"] for each in records] == [None, *(each["hash"] for each in records[:-1])]
    assert all(each["hash"] == record_hash(each) for each in records)
    assert (head.sequence, head.last_hash) == (4, records[-1]["hash"])


def test_record_says_what_was_asked_by_whom_and_when() -> None:
    change = update(1, price="1.00", expected_version=1)
    _, records = applied(create(), change)
    asked = (
        "changeId",
        "changeType",
        "productId",
        "requestedAt",
        "requestedBy",
        "requestId",
        "expectedVersion",
        "fields",
    )
    assert {name: records[1][name] for name in asked} == {name: change[name] for name in asked}  # type: ignore[literal-required]
    assert records[1]["appliedAt"] == NOW


def test_change_that_is_decided_once_more_changes_nothing() -> None:
    """Its marker expires one day; what it set stays as it set it."""
    creation, change = create(), update(1, price="1.00")
    head, records = applied(creation, change, change, creation)
    assert [each["status"] for each in records] == ["APPLIED", "APPLIED", "SUPERSEDED", "SUPERSEDED"]
    assert head.product == records[1]["after"]


def test_only_a_record_that_says_who_asked_and_why_has_the_second_version() -> None:
    attribution = {"actingUser": "Zoë", "changeNote": "Out of stock"}
    stated = cast("Change", {**delete(1), "schemaVersion": 2, **attribution})
    _, (first, second, third) = applied(create(), stated, update(2, active=True))

    assert [each["recordVersion"] for each in (first, second, third)] == [1, 2, 1]
    assert {name: value for name, value in second.items() if name in ATTRIBUTION} == attribution
    assert not ATTRIBUTION & (first.keys() | third.keys())
    # Side by side in one chain, each sealed with all that it says.
    assert [third["previousHash"], second["previousHash"]] == [second["hash"], first["hash"]]
    assert all(record_hash(each) == each["hash"] for each in (first, second, third))
    assert record_hash({**second, "actingUser": "Somebody else"}) != second["hash"]


def test_outcome_does_not_depend_on_who_asked_and_why() -> None:
    stated = cast("Change", {**update(1, price="1.00"), "schemaVersion": 2, "actingUser": "Zoë"})
    plain = cast("Change", {name: value for name, value in stated.items() if name != "actingUser"})

    head, _ = applied(create())

    assert decide(head, stated, None) == decide(head, plain, None)
