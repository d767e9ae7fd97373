"""A product's head: the item ``METADATA``, which holds the product and what is known of its history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from common.index_keys import ALL as INDEXES
from common.index_keys import index_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.product import Product

# What the item says beside the product.
_ATTRIBUTES = frozenset({"entityType", "sequence", "lastHash", "createChangeId", "stamps"})
_KEYS = frozenset({"PK", "SK", *(key for index in INDEXES for key in (index.partition_key, index.sort_key))})


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
    other_keys : mapping
        Keys of indexes that a later version of this code made; they stay as they are.
    """

    sequence: int
    last_hash: str
    create_change_id: str
    product: Product | None = None
    stamps: Mapping[str, str] = field(default_factory=dict)
    other_keys: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, object]) -> Head:
        """Return the head that an item's attributes describe."""
        has_product = "version" in attributes
        return cls(
            sequence=cast("int", attributes["sequence"]),
            last_hash=cast("str", attributes["lastHash"]),
            create_change_id=cast("str", attributes["createChangeId"]),
            product=product_of(attributes) if has_product else None,
            stamps=cast("Mapping[str, str]", attributes["stamps"]) if has_product else {},
            other_keys={name: value for name, value in attributes.items() if name[0].isupper() and name not in _KEYS},
        )

    def attributes(self, product_id: str) -> dict[str, object]:
        """Return the attributes that the table holds for the head, but for its key."""
        attributes: dict[str, object] = {
            **self.other_keys,
            "entityType": "PRODUCT",
            "productId": product_id,
            "sequence": self.sequence,
            "lastHash": self.last_hash,
            "createChangeId": self.create_change_id,
        }
        if self.product is not None:
            attributes |= {**self.product, "stamps": dict(self.stamps), **index_keys(self.product)}
        return attributes


def product_of(attributes: Mapping[str, object]) -> Product:
    """Return the product among an item's attributes.

    A field that was added since the item was written isn't there; `public` shows its default. One that this code
    doesn't know yet, because a later version of it wrote the item, is: whoever stores the product must not lose it.
    """
    found = {name: value for name, value in attributes.items() if name[0].islower() and name not in _ATTRIBUTES}
    return cast("Product", found)
