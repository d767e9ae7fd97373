"""Which products a request asks for, in which order, from where: its query parameters, checked and understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from common import prices
from common.errors import Detail, ValidationError
from common.index_keys import name_range, price_range
from common.json_body import printable_name
from common.text import is_printable, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = TypeVar("Value")

DEFAULT_LIMIT = 20
HIGHEST_LIMIT = 100
LONGEST_NAME = 100

_PRICE_BOUND = f"must be a number from 0 to {prices.HIGHEST} with at most two decimals"
ALLOWED = {
    "limit": f"must be a whole number from 1 to {HIGHEST_LIMIT}",
    "cursor": "must be a nextCursor of the same query",
    "sortBy": "must be createdAt, price or name",
    "order": "must be asc or desc",
    "name": f"must be the first 1 to {LONGEST_NAME} characters of a name, none of them a control character",
    "minPrice": _PRICE_BOUND,
    "maxPrice": _PRICE_BOUND,
    "active": "must be true or false",
}
_PRICE = re.compile(r"\d{1,6}(\.\d{1,2})?", re.ASCII)
_LIMIT = re.compile(r"\d{1,3}", re.ASCII)


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
    limit : int
        The most products on a page.
    cursor : str or None
        The `nextCursor` of the page before.
    """

    sort_by: str = "createdAt"
    ascending: bool = True
    active: bool = True
    key_range: tuple[str, str] | None = None
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def read(query: Mapping[str, Sequence[str]]) -> Listing:
    """Return the listing that query parameters ask for.

    Raises
    ------
    ValidationError
        Names every parameter that is unknown, repeated, wrong or at odds with another, and says what is allowed.
    """
    parameters = _Parameters(query)
    sort_by = parameters.read("sortBy", _one_of("createdAt", "price", "name"), None)
    ascending = parameters.read("order", _one_of("asc", "desc"), "asc") == "asc"
    active = parameters.read("active", _one_of("true", "false"), "true") == "true"
    limit = parameters.read("limit", _limit, DEFAULT_LIMIT)
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
    elif by_price:
        sort_by = "price"
        key_range = price_range(lowest, highest)
    return Listing(sort_by or "createdAt", ascending, active, key_range, limit, cursor)


class _Parameters:
    """Query parameters, each given at most once, and what is wrong with them."""

    def __init__(self, query: Mapping[str, Sequence[str]]) -> None:
        self._query = query
        self._details: list[Detail] = []
        for name, values in query.items():
            if name not in ALLOWED:
                self.refuse(printable_name(name), f"is not a parameter; these are: {', '.join(ALLOWED)}")
            elif len(values) > 1:
                self.refuse(name, "must be given once")

    def refuse(self, name: str, message: str) -> None:
        self._details.append({"field": name, "message": message})

    def raise_refusals(self) -> None:
        if self._details:
            raise ValidationError(self._details)

    def read(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        if name not in self._query:
            return default
        try:
            return parse(self._query[name][0])
        except ValueError:
            self.refuse(name, ALLOWED[name])
            return default


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError
        return value

    return parse


def _limit(value: str) -> int:
    if not _LIMIT.fullmatch(value) or not 1 <= int(value) <= HIGHEST_LIMIT:
        raise ValueError
    return int(value)


def _prefix(value: str) -> str:
    if not is_printable(value) or not 1 <= len(normalise(value)) <= LONGEST_NAME:
        raise ValueError
    return normalise(value)


def _price(value: str) -> Decimal:
    if not _PRICE.fullmatch(value):
        raise ValueError
    return Decimal(value)
