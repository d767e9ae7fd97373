"""What a product is, and how it is shown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.product import (
    FIELD_NAMES,
    FIELDS,
    PRODUCT_ATTRIBUTES,
    STATED,
    Choice,
    Field,
    Fields,
    Flag,
    Money,
    Product,
    Text,
    Texts,
    is_product_id,
    name_to_take,
    public,
    public_fields,
)


def contradictions(fields):
    """Return what a description of fields says that can't be, one line each; of defaults see test_product_fields."""
    said = []
    names = [field.name for field in fields]
    for field in fields:
        texts = field.rule.each if isinstance(field.rule, Texts) else field.rule
        for wrong, why in [
            (names.index(field.name) < fields.index(field), "there is another field of this name"),
            (field.name in ("productId", *STATED), "the service itself says this of a product"),
            (
                not (field.name.isidentifier() and field.name[0].islower()),
                "a name begins with a small letter and has no blanks",
            ),
            (field.since < 1, "versions count from 1"),
            (field.since > 1 and field.default is None, "a field that came later needs a default"),
            (isinstance(texts, Text) and texts[0] > texts[1], "its shortest is above its longest"),
            (isinstance(field.rule, Choice) and not any(field.rule), "it has no word to choose"),
            (
                isinstance(field.rule, Money) and any(bound * 1000 % 1 for bound in field.rule),
                "its bounds are no amounts",
            ),
            (isinstance(field.rule, Money) and field.rule[0] > field.rule[1], "its lowest is above its highest"),
        ]:
            if wrong:
                said.append(f"{field.name}: {why}")
    return said


def product(name, active=True):
    money = {field.name: "299.90" for field in FIELDS if isinstance(field.rule, Money)}
    return dict.fromkeys(PRODUCT_ATTRIBUTES, "") | money | {"name": name, "active": active}


def test_service_itself_states_the_rest():
    assert set(PRODUCT_ATTRIBUTES) - set(FIELD_NAMES) == {
        "productId",
        "version",
        "dateCreated",
        "dateLastUpdated",
        "lastUpdatedBy",
    }


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
        # A claim from before may be to the first alone.
        (product("Plan\u00a0Pro"), product("Plan Pro"), "Plan Pro"),
    ],
)
def test_name_is_taken_by_whoever_becomes_its_active_holder(before, after, taken):
    assert name_to_take(before, after) == taken


def test_shown_product_has_every_attribute_and_its_amounts_as_numbers():
    stored = product("Basic")

    shown = public({**stored, "stamps": {}, "sequence": 7})

    assert shown == {name: 299.9 if value == "299.90" else value for name, value in stored.items()}
    assert shown["price"] == 299.9
    assert tuple(shown) == PRODUCT_ATTRIBUTES


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"price": "0.01", "name": "Basic"}, {"price": 0.01, "name": "Basic"}),
        ({"price": "999999.99"}, {"price": 999999.99}),
        ({"price": "12.345"}, {"price": 12.345}),
        ({"price": "999999999999.00"}, {"price": 999999999999}),
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


def test_some_attributes_are_shown_alone():
    assert public(product("Basic"), ("name", "price")) == {"name": "Basic", "price": 299.9}


def test_what_a_later_version_wrote_beside_is_not_shown():
    assert public({**product("Basic"), "colour": "red"}) == public(product("Basic"))


def test_types_have_the_fields_that_the_description_has():
    """The types are for who reads and checks the code; FIELDS is what runs."""
    for types, described in ((Fields, FIELD_NAMES), (Product, PRODUCT_ATTRIBUTES)):
        missing, unknown = set(described) - set(types.__annotations__), set(types.__annotations__) - set(described)
        assert not missing, f"class {types.__name__} in common/product.py lacks {', '.join(sorted(missing))}"
        assert not unknown, f"FIELDS in common/product.py lacks {', '.join(sorted(unknown))}"


def test_description_does_not_contradict_itself():
    assert contradictions(FIELDS) == []


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (Field("name", Flag(), default=True), "name: there is another field of this name"),
        (Field("version", Flag(), default=True), "version: the service itself says this of a product"),
        (Field("setup fee", Flag(), default=True), "setup fee: a name begins with a small letter and has no blanks"),
        (Field("Fee", Flag(), default=True), "Fee: a name begins with a small letter and has no blanks"),
        (Field("fee", Money(Decimal(0), Decimal(9)), since=2), "fee: a field that came later needs a default"),
        (Field("fee", Money(Decimal(0), Decimal("0.0001")), default="0.00"), "fee: its bounds are no amounts"),
        (Field("fee", Money(Decimal(9), Decimal(1)), default="5.00"), "fee: its lowest is above its highest"),
        (Field("sla", Text(5, 3), default="abcd"), "sla: its shortest is above its longest"),
        (Field("tags", Texts(2, Text(5, 3)), default=[]), "tags: its shortest is above its longest"),
        (Field("slas", Choice(()), default="gold"), "slas: it has no word to choose"),
        (Field("fee", Flag(), default=True, since=0), "fee: versions count from 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_contradiction_is_named_by_field_and_rule(field, said):
    assert contradictions((*FIELDS, field)) == [said]
