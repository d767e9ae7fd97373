"""Which products a request asks for, in which order, from where: its query parameters, checked and understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from common import prices
from common.currencies import CURRENCIES
from common.index_keys import name_range, price_range
from common.product import BILLING_CYCLE, DEFAULT_CURRENCY
from common.query_parameters import DEFAULT_LIMIT, LIMIT_ALLOWED, QueryParameters, one_of, page_limit
from common.text import requested

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_NAME = 100

_PRICE_BOUND = f"must be a number from 0 to {prices.HIGHEST} with at most three decimals"
ALLOWED = {
    "limit": LIMIT_ALLOWED,
    "cursor": "must be a nextCursor of the same query",
    "sortBy": "must be createdAt, price or name",
    "order": "must be asc or desc",
    "name": (
        f"must be the first 1 to {LONGEST_NAME} characters of a name, with something visible, no control character "
        "and none of direction"
    ),
    "minPrice": _PRICE_BOUND,
    "maxPrice": _PRICE_BOUND,
    "active": "must be true or false",
    "billingCycle": f"must be one of {', '.join(BILLING_CYCLE.words)}",
    "currency": f"must be a currency code of ISO 4217 in capitals, such as {DEFAULT_CURRENCY}",
}
_PRICE = re.compile(r"\d+(\.\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class Listing:
    """A range of one index, read in one direction, a page at a time.

    Attributes
    ----------
    sort_by : str
        ``createdAt``, ``price`` or ``name``.
    active : bool
        Whether it shows the active products or the withdrawn ones.
    key_range : tuple of str or None
        The lowest and the highest sort key, both included; ``None`` for the whole index.
    billing_cycle : str or None
        The one that the products shown have; ``None`` for whichever. Others in the range are read all the same.
    currency : str or None
        The same of currencies. By price there is one in any case, which the range has to itself.
    limit : int
        The most products that a page reads.
    cursor : str or None
        The `nextCursor` of the page before.
    """

    sort_by: str = "createdAt"
    ascending: bool = True
    active: bool = True
    key_range: tuple[str, str] | None = None
    billing_cycle: str | None = None
    currency: str | None = None
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def read(query: Mapping[str, Sequence[str]]) -> Listing:
    """Return the listing that query parameters ask for.

    Raises
    ------
    ValidationError
        Names every parameter that is unknown, repeated, wrong or at odds with another, and says what is allowed.
    """
    parameters = QueryParameters(query, ALLOWED)
    sort_by = parameters.read("sortBy", one_of("createdAt", "price", "name"), None)
    ascending = parameters.read("order", one_of("asc", "desc"), "asc") == "asc"
    active = parameters.read("active", one_of("true", "false"), "true") == "true"
    billing_cycle = parameters.read("billingCycle", one_of(*BILLING_CYCLE.words), None)
    currency = parameters.read("currency", one_of(*CURRENCIES), None)
    limit = parameters.read("limit", page_limit, DEFAULT_LIMIT)
    cursor = parameters.read("cursor", str, None)
    prefix = parameters.read("name", _prefix, None)
    lowest = parameters.read("minPrice", _price, Decimal(0))
    highest = parameters.read("maxPrice", _price, prices.HIGHEST)
    by_price = "minPrice" in query or "maxPrice" in query
    if prefix is not None and by_price:
        parameters.refuse("name", "cannot be combined with minPrice or maxPrice")
    if prefix is not None and sort_by not in (None, "name"):
        parameters.refuse("sortBy", "must be name, or left out, where name is given")
    if by_price and sort_by not in (None, "price"):
        parameters.refuse("sortBy", "must be price, or left out, where minPrice or maxPrice is given")
    if lowest > highest:
        parameters.refuse("minPrice", "must not be above maxPrice")
    parameters.raise_refusals()

    key_range = None
    if prefix is not None:
        sort_by = "name"
        key_range = name_range(prefix)
    elif by_price or sort_by == "price":
        sort_by = "price"
        key_range = price_range(currency or DEFAULT_CURRENCY, lowest, highest)
        currency = None
    return Listing(sort_by or "createdAt", ascending, active, key_range, billing_cycle, currency, limit, cursor)


def _prefix(value: str) -> str:
    return requested(value, 1, LONGEST_NAME)


def _price(value: str) -> Decimal:
    if not _PRICE.fullmatch(value) or Decimal(value) > prices.HIGHEST:
        raise ValueError
    return Decimal(value)
