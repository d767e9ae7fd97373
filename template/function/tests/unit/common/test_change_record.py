"""Change records and their hashes."""

from __future__ import annotations

import hashlib
import json

import pytest

from common.change_record import (
    ATTRIBUTION,
    RECORD_ATTRIBUTES,
    RECORD_VERSION,
    has_its_attributes,
    is_read,
    public_record,
    record_hash,
    record_of,
    record_version,
)
from common.product import FIELD_NAMES, PRODUCT_ATTRIBUTES, public

RECORD = {
    "recordVersion": 1,
    "sequence": 2,
    "changeId": "c-2",
    "changeType": "UPDATE",
    "productId": "p-1",
    "status": "APPLIED",
    "reason": None,
    "requestedAt": "2026-11-22T08:00:00.000000Z",
    "requestedBy": "admin",
    "requestId": "r-1",
    "expectedVersion": None,
    "fields": {"price": "299.90"},
    "appliedAt": "2026-11-22T08:00:01.000000Z",
    "version": 2,
    "before": {"name": "Größe", "price": "199.90"},
    "after": {"name": "Größe", "price": "299.90"},
    "previousHash": "0" * 64,
    "hash": "?",
}


def test_record_has_the_attributes_of_the_contract():
    assert tuple(RECORD) == RECORD_ATTRIBUTES


@pytest.mark.parametrize("version", [0, RECORD_VERSION + 1, "1", 1.0, True, None])
def test_every_version_up_to_ones_own_is_read_and_nothing_else(version):
    assert all(map(is_read, range(1, RECORD_VERSION + 1)))
    assert not is_read(version)


def test_hash_can_be_computed_by_anyone_from_the_record_alone():
    text = json.dumps(
        {name: value for name, value in RECORD.items() if name != "hash"},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )

    assert record_hash(RECORD) == hashlib.sha256(text.encode()).hexdigest()


def test_hash_does_not_depend_on_the_hash_that_the_record_bears():
    assert record_hash({**RECORD, "hash": "another"}) == record_hash(RECORD)
    assert record_hash({name: value for name, value in RECORD.items() if name != "hash"}) == record_hash(RECORD)


@pytest.mark.parametrize("name", [name for name in RECORD_ATTRIBUTES if name != "hash"])
def test_every_other_attribute_is_sealed_by_the_hash(name):
    assert record_hash({**RECORD, name: "altered"}) != record_hash(RECORD)


def test_record_is_told_apart_from_what_else_an_item_holds():
    assert record_of({"PK": "PRODUCT#p-1", "SK": "CHANGE#0000000002", "expiresAt": 1, **RECORD}) == RECORD


STATED = {**RECORD, "recordVersion": 2, "actingUser": "Zoë", "changeNote": "A new price"}


def test_record_that_says_who_asked_and_why_is_told_apart_and_shown_with_that():
    product = dict.fromkeys(PRODUCT_ATTRIBUTES, "1.00")
    stated = {**STATED, "before": product, "after": product}

    assert record_of({"PK": "PRODUCT#p-1", "expiresAt": 1, **STATED}) == STATED
    assert {name: public_record(stated)[name] for name in ATTRIBUTION} == {
        "actingUser": "Zoë",
        "changeNote": "A new price",
    }
    assert record_hash({**STATED, "changeNote": "altered"}) != record_hash(STATED)


def test_version_is_the_least_that_has_what_the_record_says():
    assert record_version({}) == record_version(RECORD) == 1
    assert record_version({"actingUser": "Zoë"}) == record_version({"changeNote": "A new price"}) == 2


def test_attributes_are_those_of_the_version():
    assert has_its_attributes(RECORD)
    assert has_its_attributes(STATED)
    assert has_its_attributes({name: value for name, value in STATED.items() if name != "actingUser"})
    assert not has_its_attributes({**STATED, "recordVersion": 1})
    assert not has_its_attributes({**STATED, "more": 1})
    assert not has_its_attributes({name: value for name, value in STATED.items() if name != "hash"})


def test_shown_record_has_every_attribute_and_its_prices_as_numbers():
    before = dict.fromkeys(PRODUCT_ATTRIBUTES, "199.90")
    after = {**before, "price": "299.90"}
    record = {**RECORD, "before": before, "after": after}

    shown = public_record(record)

    assert shown == {
        **record,
        "fields": {"price": 299.9},
        "changed": ["price"],
        "before": public(before),
        "after": public(after),
    }
    assert (shown["before"]["price"], shown["after"]["price"]) == (199.9, 299.9)
    assert set(shown) == {*RECORD_ATTRIBUTES, "changed"}


def test_shown_record_names_the_fields_that_changed_in_their_order():
    product = dict.fromkeys(PRODUCT_ATTRIBUTES, "1.00")

    def changed(before, after):
        return public_record({**RECORD, "before": before, "after": after})["changed"]

    assert changed(product, {**product, "price": "2.00", "name": "Other", "version": 2, "lastUpdatedBy": "b"}) == [
        "name",
        "price",
    ]
    assert changed(product, product) == []
    assert changed(None, product) == list(FIELD_NAMES)
    assert changed(None, None) == []


def test_record_of_what_made_no_product_is_shown_too():
    shown = public_record({**RECORD, "fields": {"active": False}, "before": None, "after": None})

    assert (shown["fields"], shown["before"], shown["after"]) == ({"active": False}, None, None)
