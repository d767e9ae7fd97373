"""Prices."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.prices import price_text, sortable

PRICES = st.integers(1, 99999999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.01", "0.01"),
        ("0.1", "0.10"),
        ("1", "1.00"),
        ("12", "12.00"),
        ("299.9", "299.90"),
        ("299.90", "299.90"),
        ("299.900", "299.90"),
        ("1E+2", "100.00"),
        ("999999.99", "999999.99"),
    ],
)
def test_amount_is_written_with_two_decimals(amount, text):
    assert price_text(Decimal(amount)) == text


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-0",
        "-1",
        "0.009",
        "0.001",
        "1.999",
        "299.9000000000000000000000000001",
        "1e-999999",
        "1000000",
        "999999.991",
        "1e9",
        "1e999999",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
    ],
)
def test_amount_that_is_no_price_is_refused_with_what_is_allowed(amount):
    with pytest.raises(ValueError, match=r"from 0\.01 to 999999\.99 with at most two decimals"):
        price_text(Decimal(amount))


@given(PRICES, PRICES)
def test_sortable_prices_sort_as_their_amounts(one, other):
    assert (sortable(one) < sortable(other)) == (Decimal(one) < Decimal(other))
    assert len(sortable(one)) == len(sortable(other))
