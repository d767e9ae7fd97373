"""What a product is, and how it is shown."""

from __future__ import annotations

import pytest

from common.product import (
    FIELD_NAMES,
    PRODUCT_ATTRIBUTES,
    is_product_id,
    name_to_take,
    product_of,
    public,
    public_fields,
)


def product(name, active=True):
    return dict.fromkeys(PRODUCT_ATTRIBUTES, "") | {"name": name, "active": active, "price": "299.90"}


def test_attributes_are_those_of_the_contract():
    assert set(PRODUCT_ATTRIBUTES) - set(FIELD_NAMES) == {
        "productId",
        "version",
        "dateCreated",
        "dateLastUpdated",
        "lastUpdatedBy",
    }
    assert FIELD_NAMES == ("name", "description", "price", "currency", "billingCycle", "features", "active")


@pytest.mark.parametrize(
    ("before", "after", "taken"),
    [
        (None, product("Basic"), "Basic"),
        (None, product("Basic", active=False), None),
        (None, None, None),
        (product("Basic"), product("Basic"), None),
        (product("Basic"), product("BASIC"), None),
        (product("Basic"), product("Pro"), "Pro"),
        (product("Basic"), product("Pro", active=False), None),
        (product("Basic"), product("Basic", active=False), None),
        (product("Basic", active=False), product("Basic"), "Basic"),
        (product("Basic", active=False), product("Pro"), "Pro"),
        (product("Basic", active=False), product("Pro", active=False), None),
        (product("Café"), product("Cafe\u0301"), None),
        (product("Straße"), product("STRASSE"), None),
    ],
)
def test_name_is_taken_by_whoever_becomes_its_active_holder(before, after, taken):
    assert name_to_take(before, after) == taken


def test_shown_product_has_every_attribute_and_its_price_as_a_number():
    stored = product("Basic")

    shown = public({**stored, "stamps": {}, "sequence": 7})

    assert shown == {**stored, "price": 299.9}
    assert tuple(shown) == PRODUCT_ATTRIBUTES


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"price": "0.01", "name": "Basic"}, {"price": 0.01, "name": "Basic"}),
        ({"price": "999999.99"}, {"price": 999999.99}),
        ({"active": False}, {"active": False}),
        ({}, {}),
    ],
)
def test_some_fields_are_shown_as_those_of_a_product(fields, shown):
    assert public_fields(fields) == shown


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b", True),
        ("00000000-0000-0000-0000-000000000000", True),
        ("3F2B8C1E-5D4A-4B6F-9C7E-8A1D2E3F4A5B", False),
        ("3f2b8c1e5d4a4b6f9c7e8a1d2e3f4a5b", False),
        ("3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b\n", False),
        (" 3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b", False),
        ("", False),
    ],
)
def test_product_id_is_a_uuid_in_lower_case_with_hyphens(text, is_one):
    assert is_product_id(text) is is_one


def test_product_is_told_apart_from_what_else_an_item_holds():
    assert product_of({"PK": "x", "GSI1_SK": "y", "stamps": {}, **product("Basic")}) == product("Basic")
