"""Reading the change queue."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.changes import create, delete, requested_at, update

from change_message import read
from common import timestamps
from common.batch import InvalidMessage
from common.change import SCHEMA_VERSION
from common.product import LATER_DEFAULTS

NOW = timestamps.from_text(requested_at(0))


@pytest.mark.parametrize(
    "change",
    [create(**LATER_DEFAULTS), update(1, price="12.50"), delete(2), update(3, expected_version=4, name="Abc")],
)
def test_valid_message_is_read_as_it_was_sent(change: dict[str, object]) -> None:
    assert read(json.dumps(change), NOW) == change


def test_message_that_says_who_asked_and_why_is_read_as_it_was_sent() -> None:
    change = {**delete(2), "schemaVersion": 2, "actingUser": "Zoë", "changeNote": "Out of stock"}
    assert read(json.dumps(change), NOW) == change


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"schemaVersion": SCHEMA_VERSION + 1}, "schemaVersion"),
        ({"schemaVersion": "1"}, "schemaVersion"),
        ({"changeId": "17"}, "changeId"),
        ({"productId": "17"}, "productId"),
        ({"changeType": "RENAME"}, "changeType"),
        ({"requestedAt": "2026-11-22"}, "requestedAt"),
        ({"requestedAt": "2026-02-30T00:00:00.000000Z"}, "requestedAt"),
        ({"requestedBy": ""}, "requestedBy"),
        ({"requestedBy": "x" * 257}, "requestedBy"),
        ({"requestId": 7}, "requestId"),
        ({"requestId": "x" * 257}, "requestId"),
        ({"requestId": "\ud83d"}, "body"),
        ({"fields": {"\ud83d": 1}}, "body"),
        ({"expectedVersion": 0}, "expectedVersion"),
        ({"expectedVersion": 1.5}, "expectedVersion"),
        ({"fields": []}, "fields"),
        ({"fields": {}}, "fields"),
        ({"fields": {"price": 299.99}}, "price"),
        ({"fields": {"price": "299.9"}}, "price"),
        ({"fields": {"price": "abc"}}, "price"),
        ({"fields": {"colour": "red"}}, "colour"),
        ({"changeType": "CREATE"}, "name"),
        ({"changeType": "CREATE", "fields": create()["fields"], "expectedVersion": 1}, "expectedVersion"),
        ({"changeType": "DELETE"}, "active"),
        ({"another": 1}, "another"),
        ({"actingUser": ""}, "actingUser"),
        ({"actingUser": None}, "actingUser"),
        ({"actingUser": "x" * 101}, "actingUser"),
        ({"actingUser": "a\u202eb"}, "actingUser"),
        ({"changeNote": "x" * 501}, "changeNote"),
        ({"changeNote": "two\nlines"}, "changeNote"),
    ],
)
def test_wrong_part_is_refused_by_its_name(parts: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidMessage, match=named):
        read(json.dumps({**update(0, price="1.00"), **parts}), NOW)


@pytest.mark.parametrize("name", list(update(0, price="1.00")))
def test_missing_part_is_refused_by_its_name(name: str) -> None:
    message = {part: value for part, value in update(0, price="1.00").items() if part != name}
    with pytest.raises(InvalidMessage, match=name):
        read(json.dumps(message), NOW)


@pytest.mark.parametrize("body", ["", "{", "null", "[]", '"text"', "17", "[" * 100_000])
def test_body_that_is_no_json_object_is_refused(body: str) -> None:
    with pytest.raises(InvalidMessage, match="body"):
        read(body, NOW)


@pytest.mark.parametrize(
    ("age", "refused"),
    [
        (timedelta(minutes=-5), False),
        (timedelta(minutes=-5, microseconds=-1), True),
        (timedelta(days=30), False),
        (timedelta(days=30, microseconds=1), True),
    ],
)
def test_stamp_far_from_the_clock_is_refused(age: timedelta, refused: bool) -> None:
    body = json.dumps({**update(0, price="1.00"), "requestedAt": timestamps.to_text(NOW - age)})
    if refused:
        with pytest.raises(InvalidMessage, match="requestedAt"):
            read(body, NOW)
    else:
        assert read(body, NOW)["fields"] == {"price": "1.00"}
