"""What a product is: the one description of its fields, and how it is shown to callers.

`FIELDS` says it all: what validates a request, what the change queue carries, what is stored, listed and shown follows
from it or is held to it by a test.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from common import prices
from common.text import fold, former_fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Fields(TypedDict, total=False):
    """The fields of a product that a change can set. `price` is text with two or three decimals, such as ``299.90``."""

    name: str
    description: str
    price: str
    currency: str
    billingCycle: str
    features: list[str]
    active: bool


class Product(TypedDict):
    """A product as the table, the change records and the audit trail hold it."""

    productId: str
    name: str
    description: str
    price: str
    currency: str
    billingCycle: str
    features: list[str]
    active: bool
    version: int
    dateCreated: str
    dateLastUpdated: str
    lastUpdatedBy: str


class Text(NamedTuple):
    """Text of so many characters, not counting blanks around it, visible and without control characters."""

    shortest: int
    longest: int


class Texts(NamedTuple):
    """At most so many texts."""

    most: int
    each: Text


class Money(NamedTuple):
    """An amount, with no more decimals than its currency has. The bounds hold beside the currency's own."""

    lowest: Decimal
    highest: Decimal


class Choice(NamedTuple):
    """One of some words."""

    words: tuple[str, ...]


class CurrencyCode(NamedTuple):
    """A currency that something can be sold in."""


class Flag(NamedTuple):
    """True or false."""


Rule = Text | Texts | Money | Choice | CurrencyCode | Flag


class Field(NamedTuple):
    """A field that a change can set.

    Attributes
    ----------
    name : str
        What it is called everywhere.
    rule : Rule
        Which values it may have.
    default : object
        What a product has where its creation doesn't say; ``None`` where it must. Never to be changed: a creation
        that is sent again would ask for another product.
    since : int
        The version of the change message that brought it. What is older lacks it, and is read with the default.
    is_listed : bool
        Whether listings show it: then the table's indexes hold it, too.
    """

    name: str
    rule: Rule
    default: object = None
    since: int = 1
    is_listed: bool = True


DEFAULT_CURRENCY = "ZAR"
BILLING_CYCLE = Choice(("monthly", "yearly", "one-time"))

FIELDS = (
    Field("name", Text(3, 100)),
    Field("description", Text(10, 500)),
    Field("price", Money(prices.LOWEST, prices.HIGHEST)),
    Field("currency", CurrencyCode(), default=DEFAULT_CURRENCY),
    Field("billingCycle", BILLING_CYCLE),
    Field("features", Texts(20, Text(5, 200)), default=[]),
    Field("active", Flag(), default=True),
)

FIELD_NAMES = tuple(field.name for field in FIELDS)
# One value: an amount is none without its currency. A change sets both or neither, and one stamp orders both. What is
# as old as the first release may hold one of them, and a stamp for each, of which the greater counts.
PRICE = ("price", "currency")
# What the service says of a product beside its fields.
STATED = ("version", "dateCreated", "dateLastUpdated", "lastUpdatedBy")
PRODUCT_ATTRIBUTES = ("productId", *FIELD_NAMES, *STATED)
LISTED_ATTRIBUTES = ("productId", *(field.name for field in FIELDS if field.is_listed), *STATED)

_MONEY = frozenset(field.name for field in FIELDS if isinstance(field.rule, Money))
# What is read where something was written before the field was there.
LATER_DEFAULTS = {field.name: field.default for field in FIELDS if field.since > 1}

UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_UUID = re.compile(UUID_PATTERN)


def is_product_id(text: str) -> bool:
    """Tell whether a text is a UUID in the form that ids have everywhere: lower case, with hyphens."""
    return _UUID.fullmatch(text) is not None


def name_to_take(before: Product | None, after: Product | None) -> str | None:
    """Return the name that a product has to take to become what it is to be; ``None`` if it needs none that it hasn't.

    Active products hold their names, each name by one product, whatever its case; withdrawn ones hold none.
    """
    held = _claimed(before["name"]) if before and before["active"] else None
    if after is None or not after["active"] or _claimed(after["name"]) == held:
        return None
    return after["name"]


def _claimed(name: str) -> tuple[str, str]:
    """Return what a claim to a name is made of; where the former differs, a claim from before may not hold it."""
    return fold(name), former_fold(name)


def public(product: Product, attributes: Sequence[str] = PRODUCT_ATTRIBUTES) -> dict[str, object]:
    """Return some attributes of a product as answers show them: amounts are JSON numbers, what it lacks its default."""
    known = {**LATER_DEFAULTS, **product}
    return public_fields({name: known[name] for name in attributes})


def public_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """Return some of a product's fields as answers show them: amounts are JSON numbers.

    This is the one place where an amount becomes a float, on its way out: it has at most twelve significant digits, and
    a float prints up to 15 unchanged.
    """
    return {name: float(Decimal(cast("str", value))) if name in _MONEY else value for name, value in fields.items()}
