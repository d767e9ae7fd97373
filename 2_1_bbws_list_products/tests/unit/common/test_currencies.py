"""The currencies that a price can be in."""

from __future__ import annotations

import pytest

from common.currencies import CURRENCIES


@pytest.mark.parametrize("code", ["ZAR", "USD", "EUR", "GBP", "NAD", "BWP", "JPY", "ZWG"])
def test_money_in_use_is_a_currency(code):
    assert code in CURRENCIES


@pytest.mark.parametrize(
    "code", ["XAU", "XTS", "XXX", "XDR", "CHE", "USN", "DEM", "HRK", "ZWL", "BGN", "BTC", "zar", ""]
)
def test_metals_funds_and_withdrawn_money_are_not(code):
    assert code not in CURRENCIES


def test_codes_have_three_capital_letters():
    assert all(len(code) == 3 and code.isascii() and code.isalpha() and code.isupper() for code in CURRENCIES)
