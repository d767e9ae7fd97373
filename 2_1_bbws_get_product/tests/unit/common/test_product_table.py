"""The product table's keys, and single items read from it."""

from __future__ import annotations

import pytest

from common import product_table
from common.product import FIELD_NAMES

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"


def test_keys_are_those_of_the_stored_form():
    assert product_table.head_key("p") == {"PK": "PRODUCT#p", "SK": "METADATA"}
    assert product_table.record_key("p", 7) == {"PK": "PRODUCT#p", "SK": "CHANGE#0000000007"}
    assert product_table.marker_key("c") == {"PK": "CHANGE#c", "SK": "CHANGE"}
    assert product_table.claim_key("WordPress") == {"PK": "NAME#wordpress", "SK": "NAME"}


def test_records_of_a_product_sort_by_their_sequence():
    keys = [product_table.record_key("p", sequence)["SK"] for sequence in (1, 9, 10, 99, 100, 999999999)]

    assert keys == sorted(keys)


def test_item_that_is_not_there_is_none(table):
    assert table.item({"PK": "A", "SK": "B"}) is None
    assert table.head(PRODUCT_ID) is None
    assert table.name_holder("WordPress Starter") is None


def test_head_is_read_with_its_product(table, stored_product):
    product = stored_product(version=3)

    head = table.head(product["productId"])

    assert head.product == product
    assert head.sequence == 3
    assert set(head.stamps) == set(FIELD_NAMES)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("WordPress Starter", "WordPress Starter"),
        ("WordPress Starter", "wordpress STARTER"),
        ("Café", "CAFE\u0301"),
        ("Straße", "STRASSE"),
        ("ПАКЕТ", "пакет"),
        ("ΟΔΟΣ", "οδος"),
        ("Plan Pro", "Plan\u00a0 Pro"),
        ("Plan\u00ad  Pro", "plan pro"),
        ("WordPress Starter", "WordPress Starter "),
    ],
)
def test_name_is_held_whatever_its_case_and_composition(table, stored_product, held, asked):
    product = stored_product(name=held)

    assert table.name_holder(asked) == product["productId"]


@pytest.mark.parametrize("asked", ["WordPress Starte", "WordPressStarter", "Cafe"])
def test_other_names_are_free(table, stored_product, asked):
    stored_product(name="WordPress Starter")
    stored_product(name="Café")

    assert table.name_holder(asked) is None


def test_claim_from_before_white_space_counted_as_one_blank_holds_its_name(table, stored_product):
    product = stored_product(active=False)
    claim = {"PK": "NAME#plan\u00a0pro", "SK": "NAME", "productId": product["productId"]}
    table.client.put_item(TableName=table.name, Item=product_table.to_item(claim))

    assert table.name_holder("PLAN\u00a0Pro") == product["productId"]
    assert table.name_holder("PLAN\u00a0Pro", but_for=product["productId"]) is None
    assert table.name_holder("Plan Pro") is None


def test_withdrawn_product_holds_no_name(table, stored_product):
    stored_product(name="WordPress Starter", active=False)

    assert table.name_holder("WordPress Starter") is None


def test_change_that_was_applied_is_seen_at_once(table, stored_product):
    """DynamoDB may answer with what was there a second ago, unless it is asked for a consistent read."""
    product = stored_product()
    asked = []

    def remember(params, **_):
        asked.append(params)

    table.client.meta.events.register("provide-client-params.dynamodb.GetItem", remember)
    try:
        table.head(product["productId"])
    finally:
        table.client.meta.events.unregister("provide-client-params.dynamodb.GetItem", remember)

    assert [params["ConsistentRead"] for params in asked] == [True]
