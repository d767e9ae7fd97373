"""The table of currencies, held to the list that ISO 4217's maintenance agency publishes (the package iso4217)."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal

import iso4217
import pytest

from local.layout import ROOT

sys.path.append(str(ROOT / "template" / "function" / "src"))

from common import currencies
from common.prices import is_amount_of

LISTED = {code: row for code, row in iso4217.raw_table.items() if code is not None}
FUNDS = {
    entry.findtext("Ccy") for entry in iso4217.raw_xml.iter("CcyNtry") if entry.find("CcyNm").get("IsFund") == "true"
}
# Units of account that the list doesn't call funds.
NO_MONEY = {"XAD", "UYW"}


def test_table_is_of_the_list_s_date() -> None:
    assert date.fromisoformat(currencies.PUBLISHED) == iso4217.__published__, (
        "common/currencies.py is of another list than the package iso4217: bring the two in line"
    )


def test_currencies_are_those_of_the_list_without_funds_metals_and_tests() -> None:
    money = {code for code, row in LISTED.items() if row["CcyMnrUnts"].isdigit()} - FUNDS - NO_MONEY

    assert money == currencies.CURRENCIES


@pytest.mark.parametrize("currency", sorted(currencies.CURRENCIES))
def test_decimals_are_the_minor_units_of_the_list(currency: str) -> None:
    units = int(LISTED[currency]["CcyMnrUnts"])

    assert currencies.DECIMALS[currency] == units
    assert is_amount_of(str(Decimal(1).scaleb(-units)), currency)
    assert not is_amount_of(str(Decimal(1).scaleb(-units - 1)), currency)
