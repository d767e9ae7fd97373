"""A product's head: the item ``METADATA``, which holds the product and what the pipeline knows of its history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from common.prices import sortable
from common.product import PRODUCT_ATTRIBUTES, Product
from common.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIVE_PARTITION = "PRODUCT#ACTIVE"
INACTIVE_PARTITION = "PRODUCT#INACTIVE"
# Sorts before every character that a name can hold, so that a name sorts before the longer ones it begins.
NAME_SEPARATOR = "\t"


@dataclass(frozen=True)
class Head:
    """What is known of one product id.

    Attributes
    ----------
    sequence : int
        How many change records there are: 1, 2, 3 …
    last_hash : str
        The hash of the last of them.
    create_change_id : str
        The change that brought the id into being; kept for ever.
    product : Product or None
        ``None`` where that change was rejected: then there is no product.
    stamps : mapping
        For each field the stamp (``requestedAt#changeId``) of the change that last set it.
    """

    sequence: int
    last_hash: str
    create_change_id: str
    product: Product | None = None
    stamps: Mapping[str, str] = field(default_factory=dict)


def to_values(head: Head, product_id: str) -> dict[str, object]:
    """Return the attributes that the table holds for a head, but for its key."""
    values: dict[str, object] = {
        "entityType": "PRODUCT",
        "productId": product_id,
        "sequence": head.sequence,
        "lastHash": head.last_hash,
        "createChangeId": head.create_change_id,
    }
    if head.product is not None:
        values |= {**head.product, "stamps": dict(head.stamps), **_index_keys(head.product)}
    return values


def from_values(values: Mapping[str, object]) -> Head:
    """Return the head that an item's attributes describe."""
    has_product = "version" in values
    return Head(
        sequence=cast("int", values["sequence"]),
        last_hash=cast("str", values["lastHash"]),
        create_change_id=cast("str", values["createChangeId"]),
        product=product_of(values) if has_product else None,
        stamps=cast("Mapping[str, str]", values["stamps"]) if has_product else {},
    )


def product_of(values: Mapping[str, object]) -> Product:
    """Return the product among an item's attributes."""
    return cast("Product", {name: values[name] for name in PRODUCT_ATTRIBUTES})


def _index_keys(product: Product) -> dict[str, object]:
    partition = ACTIVE_PARTITION if product["active"] else INACTIVE_PARTITION
    product_id = product["productId"]
    return {
        "GSI1_PK": partition,
        "GSI1_SK": f"{sortable(product['price'])}#{product_id}",
        "GSI2_PK": partition,
        "GSI2_SK": f"{fold(product['name'])}{NAME_SEPARATOR}{product_id}",
        "GSI3_PK": partition,
        "GSI3_SK": f"{product['dateCreated']}#{product_id}",
    }
