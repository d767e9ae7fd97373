"""The keys of the table's indexes: how they are made, ranged over and read.

Each index has one partition for the active products and one for the withdrawn ones, and sort keys whose order is that
of a listing. A sort key ends in the product's id, so that no two are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from common.prices import sortable
from common.text import fold

if TYPE_CHECKING:
    from decimal import Decimal

    from common.product import Product


class Index(NamedTuple):
    """An index and its key attributes."""

    name: str
    partition_key: str
    sort_key: str


# Within each currency: 99 rands and 99 US dollars have no order.
BY_PRICE = Index("ProductsByCurrencyAndPriceIndex", "GSI4_PK", "GSI4_SK")
BY_NAME = Index("ProductsByNameIndex", "GSI2_PK", "GSI2_SK")
BY_CREATED = Index("ProductsByCreatedIndex", "GSI3_PK", "GSI3_SK")

# What listings read before, over all currencies at once. It is kept up until no function that reads it is live or to be
# gone back to (documentation/runbooks/moving-to-another-index.md).
BY_PRICE_ALONE = Index("ProductsByPriceIndex", "GSI1_PK", "GSI1_SK")

ALL = (BY_PRICE, BY_NAME, BY_CREATED, BY_PRICE_ALONE)

_SEPARATOR = "#"
_AFTER_SEPARATOR = "$"
# Sorts before every character that a name can hold, so that a name sorts before the longer ones it begins.
_NAME_SEPARATOR = "\t"
# No name holds it, and no character sorts after it.
_AFTER_EVERY_CHARACTER = "\U0010ffff"
_PRODUCT_ID_LENGTH = 36
_FIRST_WIDTH = len("999999.99")


def partition(active: bool) -> str:
    """Return the partition that holds the active products, or the withdrawn ones."""
    return "PRODUCT#ACTIVE" if active else "PRODUCT#INACTIVE"


def index_keys(product: Product) -> dict[str, str]:
    """Return the attributes by which the indexes find a product."""
    product_id = product["productId"]
    sort_keys = {
        BY_PRICE: f"{product['currency']}{_SEPARATOR}{sortable(product['price'])}{_SEPARATOR}{product_id}",
        BY_NAME: f"{fold(product['name'])}{_NAME_SEPARATOR}{product_id}",
        BY_CREATED: f"{product['dateCreated']}{_SEPARATOR}{product_id}",
        BY_PRICE_ALONE: f"{product['price'].zfill(_FIRST_WIDTH)}{_SEPARATOR}{product_id}",
    }
    keys: dict[str, str] = {}
    for index, sort_key in sort_keys.items():
        keys |= {index.partition_key: partition(product["active"]), index.sort_key: sort_key}
    return keys


def price_range(currency: str, lowest: Decimal, highest: Decimal) -> tuple[str, str]:
    """Return the first and the last sort key of the products in a range of prices, both ends included."""
    first, last = (f"{currency}{_SEPARATOR}{sortable(str(bound))}" for bound in (lowest, highest))
    return f"{first}{_SEPARATOR}", f"{last}{_AFTER_SEPARATOR}"


def name_range(beginning: str) -> tuple[str, str]:
    """Return the first and the last sort key of the products whose names begin so, whatever their case."""
    return fold(beginning), f"{fold(beginning)}{_AFTER_EVERY_CHARACTER}"


def product_id_of(sort_key: str) -> str:
    """Return the id of the product that has a sort key, in whichever index."""
    return sort_key[-_PRODUCT_ID_LENGTH:]
