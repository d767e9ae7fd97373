"""Prices: decimal numbers, carried through the service as text with two decimals, or with three where it takes them.

So the text of an amount doesn't depend on its currency, and what the first release wrote is written the same today.
"""

from __future__ import annotations

import re
from decimal import Decimal

from common.currencies import DECIMALS, MOST_DECIMALS

# In the smallest unit of a currency, such as cents.
_MOST_UNITS = 999_999_999_999
# In whichever currency; of which bounds its own decimals leave, `lowest` and `highest` say.
LOWEST = Decimal(1).scaleb(-MOST_DECIMALS)
HIGHEST = Decimal(_MOST_UNITS)
# A price as the service carries it.
TEXT = re.compile(r"\d{1,12}\.\d\d[1-9]?", re.ASCII)
# What the first version of the change message can hold.
_FIRST_TEXT = re.compile(r"\d{1,6}\.\d\d", re.ASCII)

# Twelve digits, a point and three decimals: as many as there can be.
_SORTABLE = "016.3f"
_DECIMALS_IN_WORDS = (
    "without decimals",
    "with at most one decimal",
    "with at most two decimals",
    "with at most three decimals",
)


def lowest(currency: str) -> Decimal:
    """Return the least amount above zero that a currency has, such as 0.01."""
    return Decimal(1).scaleb(-DECIMALS[currency])


def highest(currency: str) -> Decimal:
    """Return the highest price in a currency: 999,999,999,999 of its smallest unit."""
    return Decimal(_MOST_UNITS).scaleb(-DECIMALS[currency])


def allowed(least: Decimal, most: Decimal, currency: str | None) -> str:
    """Return which amounts there are from one to another in a currency, in words; ``None`` if it isn't known."""
    if currency is None:
        return f"a number from {least} to {most} with no more decimals than its currency has"
    least, most = max(least, lowest(currency)) if least else least, min(most, highest(currency))
    return f"a number from {least} to {most} {_DECIMALS_IN_WORDS[DECIMALS[currency]]}, as {currency} has"


def is_amount_of(text: str, currency: str) -> bool:
    """Tell whether a price, as text, is one that can be asked for in a currency."""
    amount = Decimal(text)
    return amount <= highest(currency) and amount % lowest(currency) == 0


def price_text(amount: Decimal, least: Decimal = LOWEST, most: Decimal = HIGHEST) -> str:
    """Return an amount with two decimals, or three if it takes them, such as ``299.90`` and ``12.345``.

    Raises
    ------
    ValueError
        It is below the least, above the most, or has more decimals than any currency.
    """
    # In this order: the range keeps out what the remainder can't be taken of, such as 1e999999 and NaN.
    if not (amount.is_finite() and least <= amount <= most and amount % LOWEST == 0):
        raise ValueError(f"must be {allowed(least, most, None)}")
    # A zero may have come with a sign, which the text must not have.
    return f"{abs(amount):.3f}".removesuffix("0")


def since(price: str) -> int:
    """Return the least version of the change message that can hold a price."""
    return 1 if _FIRST_TEXT.fullmatch(price) else 2


def sortable(price: str) -> str:
    """Return a price padded with zeros, such as ``000000000299.900``: text order is then the order of amounts."""
    return f"{Decimal(price):{_SORTABLE}}"
