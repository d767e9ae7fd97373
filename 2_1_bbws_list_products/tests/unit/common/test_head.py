"""A product's head, in memory and in the table."""

from __future__ import annotations

import pytest

from common.attribute_values import from_item, to_item
from common.head import Head, product_of

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
PRODUCT = {
    "productId": PRODUCT_ID,
    "name": "WordPress Größe",
    "description": "Hosting for one site",
    "price": "299.90",
    "currency": "ZAR",
    "billingCycle": "monthly",
    "features": ["Free SSL certificate"],
    "active": True,
    "version": 3,
    "dateCreated": "2026-11-22T08:00:00.000000Z",
    "dateLastUpdated": "2026-11-23T08:00:00.000000Z",
    "lastUpdatedBy": "admin",
}
HEAD = Head(
    sequence=4,
    last_hash="0" * 64,
    create_change_id="c-1",
    product=PRODUCT,
    stamps={"name": "2026-11-22T08:00:00.000000Z#c-1"},
)
REJECTED = Head(sequence=1, last_hash="0" * 64, create_change_id="c-1")

INDEX_KEYS = {f"GSI{number}_{part}" for number in (1, 2, 3, 4) for part in ("PK", "SK")}


@pytest.mark.parametrize("head", [HEAD, REJECTED], ids=["product", "rejected creation"])
def test_head_comes_back_from_the_table_as_it_went_in(head):
    item = to_item(head.attributes(PRODUCT_ID))

    assert Head.from_attributes(from_item(item)) == head


def test_item_says_what_it_is_and_holds_the_product():
    values = HEAD.attributes(PRODUCT_ID)

    assert values["entityType"] == "PRODUCT"
    assert (values["sequence"], values["lastHash"], values["createChangeId"]) == (4, "0" * 64, "c-1")
    assert values["stamps"] == {"name": "2026-11-22T08:00:00.000000Z#c-1"}
    assert {name: values[name] for name in PRODUCT} == PRODUCT


def test_index_keys_sort_by_price_name_and_creation():
    values = HEAD.attributes(PRODUCT_ID)

    assert {name: values[name] for name in INDEX_KEYS} == {
        "GSI1_PK": "PRODUCT#ACTIVE",
        "GSI1_SK": f"000299.90#{PRODUCT_ID}",
        "GSI2_PK": "PRODUCT#ACTIVE",
        # Folding turns "ß" into "ss".
        "GSI2_SK": f"wordpress grösse\t{PRODUCT_ID}",
        "GSI3_PK": "PRODUCT#ACTIVE",
        "GSI3_SK": f"2026-11-22T08:00:00.000000Z#{PRODUCT_ID}",
        "GSI4_PK": "PRODUCT#ACTIVE",
        "GSI4_SK": f"ZAR#000000000299.900#{PRODUCT_ID}",
    }


def test_withdrawn_product_is_in_the_other_index_partition():
    values = Head(4, "0" * 64, "c-1", {**PRODUCT, "active": False}, {}).attributes(PRODUCT_ID)

    assert {values[name] for name in ("GSI1_PK", "GSI2_PK", "GSI3_PK", "GSI4_PK")} == {"PRODUCT#INACTIVE"}


def test_rejected_creation_is_in_no_index():
    values = REJECTED.attributes(PRODUCT_ID)

    assert values["productId"] == PRODUCT_ID
    assert INDEX_KEYS.isdisjoint(values)


def test_product_is_told_apart_from_what_else_an_item_holds():
    assert product_of(HEAD.attributes(PRODUCT_ID) | {"PK": "x", "SK": "y"}) == PRODUCT


def test_what_a_later_version_wrote_is_kept_when_the_head_is_written_again():
    """Where code was rolled back, it changes products that newer code has written."""
    later = {"GSI5_PK": "PRODUCT#ACTIVE#ZAR", "setupFee": "99.00"}

    head = Head.from_attributes(HEAD.attributes(PRODUCT_ID) | later)

    assert head.product == {**PRODUCT, "setupFee": "99.00"}
    assert head.attributes(PRODUCT_ID) == HEAD.attributes(PRODUCT_ID) | later
