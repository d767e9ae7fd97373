"""How the indexes order products."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.index_keys import index_keys, name_range, partition, price_range, product_id_of

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"


def keys(**fields):
    product = {
        "productId": PRODUCT_ID,
        "name": "WordPress Plan",
        "price": "299.90",
        "active": True,
        "dateCreated": "2026-11-22T08:00:00.000000Z",
    }
    return index_keys({**product, **fields})


def test_active_and_withdrawn_products_lie_apart():
    assert {keys()[name] for name in ("GSI1_PK", "GSI2_PK", "GSI3_PK")} == {partition(True)}
    assert {keys(active=False)[name] for name in ("GSI1_PK", "GSI2_PK", "GSI3_PK")} == {partition(False)}
    assert partition(True) != partition(False)


@pytest.mark.parametrize("sort_key", ["GSI1_SK", "GSI2_SK", "GSI3_SK"])
def test_sort_key_ends_in_the_product_that_it_finds(sort_key):
    assert product_id_of(keys()[sort_key]) == PRODUCT_ID


@pytest.mark.parametrize(
    ("price", "inside"),
    [("9.99", False), ("10.00", True), ("99.00", True), ("100.00", True), ("100.01", False), ("1000.00", False)],
)
def test_price_range_has_both_its_ends(price, inside):
    lowest, highest = price_range(Decimal(10), Decimal("100.00"))
    assert (lowest <= keys(price=price)["GSI1_SK"] <= highest) is inside


@pytest.mark.parametrize(
    ("name", "inside"),
    [("wordpress PLAN", True), ("Word", True), ("WORDS", True), ("Wor", False), ("Worf", False), ("My Word", False)],
)
def test_name_range_has_what_begins_so_in_whatever_case(name, inside):
    first, last = name_range("wORd")
    assert (first <= keys(name=name)["GSI2_SK"] <= last) is inside


def test_name_sorts_before_the_longer_ones_that_it_begins():
    names = ["Plan", "Plan A", "Plan!", "Plan-B", "plans"]
    assert sorted(names, key=lambda name: keys(name=name)["GSI2_SK"]) == names
