"""A product's head: the item ``METADATA``, which holds the product and what is known of its history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from common.index_keys import index_keys
from common.product import Product, product_of

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        )

    def attributes(self, product_id: str) -> dict[str, object]:
        """Return the attributes that the table holds for the head, but for its key."""
        attributes: dict[str, object] = {
            "entityType": "PRODUCT",
            "productId": product_id,
            "sequence": self.sequence,
            "lastHash": self.last_hash,
            "createChangeId": self.create_change_id,
        }
        if self.product is not None:
            attributes |= {**self.product, "stamps": dict(self.stamps), **index_keys(self.product)}
        return attributes
