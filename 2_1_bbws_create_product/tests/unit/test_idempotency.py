"""The ids that follow from an `Idempotency-Key`."""

from __future__ import annotations

import json
import string
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.api import Request
from common.errors import ValidationError
from common.product import is_product_id
from common.product_fields import new_product
from idempotency import CreationIds, idempotency_key

FIELDS = {
    "name": "Café 日本",
    "description": "Hosting for one WordPress site",
    "price": "299.90",
    "currency": "ZAR",
    "billingCycle": "monthly",
    "features": ["Daily backups"],
    "active": True,
}
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

NAMES = st.text(string.ascii_lowercase + '"[],\\- ', min_size=1, max_size=5)


def ids(client="admin", key="key-1", **fields):
    return CreationIds.derived(client, key, {**FIELDS, **fields})


# The key


@pytest.fixture
def key_of(api_event):
    """Return a function that gives the key that is read from a header."""
    return lambda value: idempotency_key(Request.from_event(api_event("POST", headers={"Idempotency-Key": value})))


def test_request_without_the_header_has_no_key(key_of):
    assert key_of(None) is None


@pytest.mark.parametrize("key", ["k", "k" * 255, "a b", '"8e03978e-40d5"', "a,b", "!~", PRINTABLE.strip()])
def test_printable_ascii_is_a_key_as_it_is(key_of, key):
    assert key_of(key) == key


def test_keys_that_are_repeated_are_one_key_and_none_of_them_is_picked(key_of):
    assert key_of(["a", "b"]) == "a, b"


@pytest.mark.parametrize(
    "key", ["", " ", " k", "k ", "k" * 256, "k\tk", "k\n", "k\x00", "k\x7f", "é", "k" * 254 + "é", "１"]
)
def test_anything_else_is_refused_by_its_name(key_of, key):
    with pytest.raises(ValidationError) as refusal:
        key_of(key)

    (detail,) = refusal.value.details
    assert detail["field"] == "Idempotency-Key"
    assert "1 to 255 printable ASCII characters" in detail["message"]


def test_keys_that_are_repeated_are_refused_where_together_they_are_too_long(key_of):
    with pytest.raises(ValidationError, match="Idempotency-Key"):
        key_of(["k" * 127, "k" * 127])


# The ids


def test_ids_are_these_for_ever():
    """A retry may come years later: whatever changes in the code, ids that were given out must come out again."""
    assert ids() == ("7d06f7d7-caad-59d8-8df4-244a15de4053", "63399fec-436d-5310-8c15-f5142ebcf7f6")


@given(NAMES, NAMES)
def test_ids_are_ids_as_the_service_has_them(client, key):
    made = ids(client, key)

    assert is_product_id(made.product_id)
    assert is_product_id(made.change_id)
    assert made.product_id != made.change_id
    assert made == ids(client, key)


def test_product_follows_from_client_and_key_alone():
    assert ids(price="1.00").product_id == ids().product_id
    assert ids(key="key-2").product_id != ids().product_id
    assert ids(client="other").product_id != ids().product_id


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "CAFÉ 日本"},
        {"description": "Hosting for two WordPress sites"},
        {"price": "299.91"},
        {"currency": "USD"},
        {"billingCycle": "yearly"},
        {"features": []},
        {"features": ["Daily backups", "Daily backups"]},
        {"active": False},
    ],
)
def test_change_follows_from_every_field_too(fields):
    assert ids(**fields).change_id != ids().change_id


def test_change_follows_from_client_and_key_too():
    assert ids(key="key-2").change_id != ids().change_id
    assert ids(client="other").change_id != ids().change_id


def test_order_of_fields_is_no_matter():
    assert CreationIds.derived("admin", "key-1", dict(reversed(FIELDS.items()))) == ids()


def test_what_is_written_differently_and_means_the_same_has_the_same_ids():
    body = {name: value for name, value in FIELDS.items() if name not in ("currency", "active")}
    body |= {
        "name": " Cafe\u0301 日本",
        "features": ["Daily backups "],
        "price": json.loads("2.999e2", parse_float=Decimal),
    }

    assert CreationIds.derived("admin", "key-1", new_product(body)) == ids()


@given(st.lists(st.tuples(NAMES, NAMES), min_size=2, max_size=2, unique=True))
def test_different_clients_or_keys_never_have_the_same_ids(pairs):
    """Not even where they would be the same text, written one after the other."""
    first, second = (ids(client, key) for client, key in pairs)

    assert first.product_id != second.product_id
    assert first.change_id != second.change_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "bc"), ("ab", "c")),
        (("a,b", "c"), ("a", "b,c")),
        (('a","b', "c"), ("a", 'b","c')),
        (("a ", "b"), ("a", " b")),
    ],
)
def test_client_and_key_do_not_run_into_each_other(one, other):
    assert ids(*one).product_id != ids(*other).product_id
    assert ids(*one).change_id != ids(*other).change_id


def test_ids_without_a_key_are_random():
    made = [CreationIds.random() for _ in range(100)]

    assert len({id_ for pair in made for id_ in pair}) == 200
    assert all(str(uuid.UUID(id_)) == id_ for pair in made for id_ in pair)
