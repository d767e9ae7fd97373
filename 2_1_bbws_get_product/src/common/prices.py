"""Prices: decimal numbers from 0.01 to 999999.99, carried through the service as text with two decimals."""

from __future__ import annotations

import re
from decimal import Decimal

LOWEST = Decimal("0.01")
HIGHEST = Decimal("999999.99")
# A price as the service carries it.
TEXT = re.compile(r"\d{1,6}\.\d\d", re.ASCII)

_CENT = Decimal("0.01")
# Wide enough for the highest price, so that prices sort as text.
SORTABLE_WIDTH = len("999999.99")


def price_text(amount: Decimal, lowest: Decimal = LOWEST, highest: Decimal = HIGHEST) -> str:
    """Return an amount with exactly two decimals, such as ``299.90``.

    Raises
    ------
    ValueError
        It is below the lowest, above the highest, or has a fraction of a cent.
    """
    # In this order: the range keeps out what the remainder can't be taken of, such as 1e999999 and NaN.
    if not (amount.is_finite() and lowest <= amount <= highest and amount % _CENT == 0):
        raise ValueError(f"must be a number from {lowest} to {highest} with at most two decimals")
    # A zero may have come with a sign, which the text must not have.
    return f"{abs(amount):.2f}"


def sortable(price: str) -> str:
    """Return a price padded with zeros, such as ``000299.90``: text order is then the order of amounts."""
    return price.zfill(SORTABLE_WIDTH)
