"""Prices."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.currencies import DECIMALS
from common.prices import TEXT, allowed, highest, is_amount_of, lowest, price_text, since, sortable

PRICES = st.integers(1, 999_999_999_999_000).map(lambda mills: price_text(Decimal(mills).scaleb(-3)))


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
        ("0.001", "0.001"),
        ("12.345", "12.345"),
        ("12.340", "12.34"),
        ("999999999999", "999999999999.00"),
    ],
)
def test_amount_is_written_with_two_decimals_or_three_where_it_takes_them(amount, text):
    assert price_text(Decimal(amount)) == text


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-0",
        "-1",
        "0.0009",
        "1.9999",
        "299.9000000000000000000000000001",
        "1e-999999",
        "1000000000000",
        "999999999999.001",
        "1e12",
        "1e999999",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
    ],
)
def test_amount_that_is_no_price_is_refused_with_what_is_allowed(amount):
    with pytest.raises(ValueError, match=r"from 0\.001 to 999999999999 with no more decimals than its currency has"):
        price_text(Decimal(amount))


@given(PRICES)
def test_price_is_written_in_one_way(price):
    assert TEXT.fullmatch(price)
    assert price_text(Decimal(price)) == price


@given(PRICES, PRICES)
def test_sortable_prices_sort_as_their_amounts(one, other):
    assert (sortable(one) < sortable(other)) == (Decimal(one) < Decimal(other))
    assert len(sortable(one)) == len(sortable(other))


@pytest.mark.parametrize(
    ("currency", "price", "is_one"),
    [
        ("JPY", "10.50", False),
        ("KRW", "99.99", False),
        ("ISK", "0.50", False),
        ("JPY", "1.00", True),
        ("VND", "25000000.00", True),
        ("IDR", "1500000.00", True),
        ("JPY", "999999999999.00", True),
        ("ZAR", "0.01", True),
        ("ZAR", "0.001", False),
        ("ZAR", "9999999999.99", True),
        ("ZAR", "10000000000.00", False),
        ("KWD", "12.345", True),
        ("BHD", "0.001", True),
        ("KWD", "999999999.999", True),
        ("KWD", "1000000000.00", False),
    ],
)
def test_amounts_have_the_decimals_of_their_currency_and_twelve_digits(currency, price, is_one):
    assert is_amount_of(price, currency) is is_one


@pytest.mark.parametrize("currency", sorted(DECIMALS))
def test_ends_of_what_a_currency_allows_are_prices(currency):
    for amount in (lowest(currency), highest(currency)):
        assert is_amount_of(price_text(amount), currency)
    assert not is_amount_of(str(highest(currency) + lowest(currency)), currency)


@pytest.mark.parametrize(
    ("currency", "words"),
    [
        ("JPY", "a number from 1 to 999999999999 without decimals, as JPY has"),
        ("ZAR", "a number from 0.01 to 9999999999.99 with at most two decimals, as ZAR has"),
        ("KWD", "a number from 0.001 to 999999999.999 with at most three decimals, as KWD has"),
        (None, "a number from 0.001 to 999999999999 with no more decimals than its currency has"),
    ],
)
def test_what_is_allowed_is_said_with_the_currency_and_its_decimals(currency, words):
    assert allowed(Decimal("0.001"), Decimal(999999999999), currency) == words


def test_bounds_of_a_field_hold_beside_those_of_the_currency():
    assert allowed(Decimal(0), Decimal("9999.99"), "ZAR") == (
        "a number from 0 to 9999.99 with at most two decimals, as ZAR has"
    )


@pytest.mark.parametrize(
    ("price", "version"),
    [("0.01", 1), ("999999.99", 1), ("500.00", 1), ("1000000.00", 2), ("12.345", 2), ("0.001", 2)],
)
def test_price_says_which_version_of_the_message_holds_it(price, version):
    assert since(price) == version
