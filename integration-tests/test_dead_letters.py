"""Messages that can't be applied end in the dead-letter queue as they were, and hold up nothing else.

One that can never succeed goes there at once, with the reason; one that might has five receives.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from stack import creation, key_of, moment, new_id, new_name, record_of, sealed, update, withdrawal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stack import Change, Json, Record, Stack


def without(values: Json, name: str) -> Json:
    return {other: value for other, value in values.items() if other != name}


def with_fields(change: Change, **fields: object) -> Change:
    assert isinstance(change["fields"], dict)
    return {**change, "fields": {**change["fields"], **fields}}


def creation_without(field: str) -> Change:
    change = creation()
    assert isinstance(change["fields"], dict)
    return {**change, "fields": without(change["fields"], field)}


BAD_CHANGES: dict[str, Callable[[], Json | str | list[object]]] = {
    "no JSON": lambda: f"no JSON {new_id()}",
    "cut short": lambda: json.dumps(creation())[:-1],
    "no object": lambda: [creation()],
    "text": lambda: json.dumps(new_id()),
    "a schema version yet to come": lambda: {**creation(), "schemaVersion": 1000},
    "schema version as text": lambda: {**creation(), "schemaVersion": "1"},
    **{f"without {name}": lambda name=name: without(creation(), name) for name in creation()},  # type: ignore[misc]
    "an unknown attribute": lambda: {**creation(), "urgent": True},
    "another type of change": lambda: {**creation(), "changeType": "UPSERT"},
    "a change id that is no UUID": lambda: {**creation(), "changeId": f"no UUID {new_id()}"},
    "a product id that is no UUID": lambda: {**creation(), "productId": f"no UUID {new_id()}"},
    "nobody who asked": lambda: {**creation(), "requestedBy": ""},
    "an expected version of 0": lambda: {**update(new_id(), price="1.00"), "expectedVersion": 0},
    "an expected version in a creation": lambda: {**creation(), "expectedVersion": 1},
    "fields that are no object": lambda: {**creation(), "fields": []},
    "an unknown field": lambda: with_fields(creation(), colour="red"),
    "a price that is a number": lambda: with_fields(creation(), price=299.99),
    "a price without decimals": lambda: with_fields(creation(), price="299"),
    "a price that is no number": lambda: with_fields(creation(), price="NaN"),
    "a name that is too short": lambda: with_fields(creation(), name="ab"),
    "a creation without a price": lambda: creation_without("price"),
    "an update of nothing": lambda: update(new_id()),
    "a withdrawal with more fields": lambda: with_fields(withdrawal(new_id()), price="1.00"),
    "a time in words": lambda: {**creation(), "requestedAt": "yesterday"},
    "a time without microseconds": lambda: {**creation(), "requestedAt": moment()[:19] + "Z"},
    "a time that never was": lambda: {**creation(), "requestedAt": "2026-02-30T08:00:00.123456Z"},
    "a time years ahead": lambda: creation(ago=-timedelta(days=3 * 365)),
    "a time 6 minutes ahead": lambda: creation(ago=-timedelta(minutes=6)),
    "a time 31 days ago": lambda: creation(ago=timedelta(days=31)),
}

# These may succeed yet, so they are tried five times.
HASTY_CHANGES: dict[str, Callable[[], Json | str | list[object]]] = {
    "an update of a product that never was": lambda: update(new_id(), price="1.00"),
    "a withdrawal of a product that never was": lambda: withdrawal(new_id()),
}

BAD_RECORDS: dict[str, Callable[[], Json | str | list[object]]] = {
    "no JSON": lambda: f"no JSON {new_id()}",
    "no object": lambda: [record_of()],
    "record version 3": lambda: sealed({**record_of(), "recordVersion": 3}),
    "another hash": lambda: {**record_of(), "hash": "0" * 64},
    "an altered field": lambda: {**record_of(), "requestedBy": "somebody else"},
    "an added attribute": lambda: {**record_of(), "urgent": True},
    "a number with a fraction": lambda: sealed(record_of(fields={"price": 299.99})),
    "a time of application in words": lambda: record_of(appliedAt=f"yesterday {new_id()}"),
    **{f"without {name}": lambda name=name: sealed(without(record_of(), name)) for name in record_of()},  # type: ignore[misc]
}
BAD_RECORDS["without hash"] = lambda: without(record_of(), "hash")


AFTER_A_REJECTION = "an update of a product whose creation was rejected"


@dataclass(frozen=True)
class Delivered:
    """What was sent, bad and good in each batch, and what was given up.

    Attributes
    ----------
    bad_changes, bad_records
        The bodies of the messages that can't be applied, by case.
    given_up
        Those that the dead-letter queues took, with their message attributes.
    rejected
        A creation that was rejected before.
    """

    bad_changes: dict[str, str]
    bad_records: dict[str, str]
    given_up: dict[str, dict[str, str]]
    good_changes: list[Change]
    good_records: list[Record]
    rejected: Change


def body_of(message: Json | str | list[object]) -> str:
    return message if isinstance(message, str) else json.dumps(message)


def object_in(body: str) -> Json:
    """Return the object that a body holds; an empty one where it holds none."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def mixed(bad: Iterable[str], good: Iterable[str]) -> list[str]:
    """Return bad and good messages in turn, so that each batch of ten holds both."""
    return [body for pair in zip(bad, good, strict=True) for body in pair]


@pytest.fixture(scope="module")
def delivered(stack: Stack) -> Delivered:
    """All messages of this module, sent at once, so that there is one wait for all of them."""
    name = new_name("taken")
    rejected = creation(name=name)
    stack.apply(creation(name=name), rejected)
    bad_changes = {case: body_of(make()) for case, make in (BAD_CHANGES | HASTY_CHANGES).items()}
    bad_changes[AFTER_A_REJECTION] = body_of(update(rejected["productId"], price="1.00"))
    bad_records = {case: body_of(make()) for case, make in BAD_RECORDS.items()}
    good_changes = [creation() for _ in bad_changes]
    good_records = [record_of() for _ in bad_records]
    stack.created |= {str(change["productId"]) for change in good_changes}
    stack.send(stack.change_queue, mixed(bad_changes.values(), map(json.dumps, good_changes)))
    stack.send(stack.audit_queue, mixed(bad_records.values(), map(json.dumps, good_records)))
    stack.settle()
    given_up = stack.take(stack.change_dlq, bad_changes.values()) | stack.take(stack.audit_dlq, bad_records.values())
    return Delivered(bad_changes, bad_records, given_up, good_changes, good_records, rejected)


def assert_says_why(attributes: dict[str, str]) -> None:
    assert set(attributes) == {"reason", "functionVersion"}
    assert attributes["reason"]
    assert attributes["functionVersion"].isdecimal()


@pytest.mark.parametrize("case", BAD_CHANGES)
def test_change_that_can_never_be_applied_is_given_up_as_it_came_with_the_reason(
    delivered: Delivered, case: str
) -> None:
    assert_says_why(delivered.given_up[delivered.bad_changes[case]])


@pytest.mark.parametrize("case", [*HASTY_CHANGES, AFTER_A_REJECTION])
def test_change_whose_product_never_comes_is_given_up_as_it_came(delivered: Delivered, case: str) -> None:
    assert delivered.given_up[delivered.bad_changes[case]] == {}


@pytest.mark.parametrize("case", BAD_RECORDS)
def test_record_that_can_never_be_kept_is_given_up_as_it_came_with_the_reason(delivered: Delivered, case: str) -> None:
    assert_says_why(delivered.given_up[delivered.bad_records[case]])


def test_changes_between_bad_ones_are_applied(stack: Stack, delivered: Delivered) -> None:
    for change in delivered.good_changes:
        assert stack.outcomes(change["productId"]) == [("APPLIED", None)]
        assert [found.record for found in stack.audit_trail(change["productId"])] == stack.records(change["productId"])


def test_records_between_bad_ones_are_kept(stack: Stack, delivered: Delivered) -> None:
    for record in delivered.good_records:
        assert json.loads(stack.audit_object(key_of(record))) == record


def test_changes_that_were_given_up_leave_nothing_in_the_table(stack: Stack, delivered: Delivered) -> None:
    for body in delivered.bad_changes.values():
        message = object_in(body)
        product_id, change_id = message.get("productId"), message.get("changeId")
        if product_id != delivered.rejected["productId"]:
            assert stack.head(product_id) is None
        assert stack.item(f"CHANGE#{change_id}", "CHANGE") is None


def test_change_of_a_product_whose_creation_was_rejected_leaves_no_record(stack: Stack, delivered: Delivered) -> None:
    assert stack.outcomes(delivered.rejected["productId"]) == [("REJECTED", "NameTaken")]


def test_records_that_were_given_up_leave_no_object(stack: Stack, delivered: Delivered) -> None:
    for body in delivered.bad_records.values():
        if product_id := object_in(body).get("productId"):
            assert stack.audit_trail(product_id) == []
