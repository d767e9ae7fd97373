"""What a product is, and how it is shown to callers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict, cast

from common.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fields(TypedDict, total=False):
    """The fields of a product that a change can set. `price` is text with two decimals, such as ``299.90``."""

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


FIELD_NAMES = tuple(Fields.__annotations__)
PRODUCT_ATTRIBUTES = tuple(Product.__annotations__)

UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_UUID = re.compile(UUID_PATTERN)


def is_product_id(text: str) -> bool:
    """Tell whether a text is a UUID in the form that ids have everywhere: lower case, with hyphens."""
    return _UUID.fullmatch(text) is not None


def name_to_take(before: Product | None, after: Product | None) -> str | None:
    """Return the name that a product has to take to become what it is to be; ``None`` if it needs none that it hasn't.

    Active products hold their names, each name by one product, whatever its case; withdrawn ones hold none.
    """
    held = fold(before["name"]) if before and before["active"] else None
    if after is None or not after["active"] or fold(after["name"]) == held:
        return None
    return after["name"]


def product_of(attributes: Mapping[str, object]) -> Product:
    """Return the product among an item's attributes."""
    return cast("Product", {name: attributes[name] for name in PRODUCT_ATTRIBUTES})


def public(product: Product) -> dict[str, object]:
    """Return a product as answers show it: its price a JSON number."""
    return public_fields({name: product[name] for name in PRODUCT_ATTRIBUTES})  # type: ignore[literal-required]


def public_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """Return some of a product's fields as answers show them: the price, where it is among them, a JSON number.

    This is the one place where a price becomes a float, on its way out: it has at most eight significant digits, and
    a float prints up to 15 unchanged.
    """
    return {name: float(Decimal(cast("str", value))) if name == "price" else value for name, value in fields.items()}
