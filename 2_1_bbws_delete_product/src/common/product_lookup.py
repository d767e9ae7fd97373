"""Finding the product that a path names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import ProductNotFound

if TYPE_CHECKING:
    from common.product import Product
    from common.product_table import ProductTable


def existing_product(table: ProductTable, product_id: str) -> Product:
    """Return a product, whether it is active or withdrawn.

    Raises
    ------
    ProductNotFound
        There is none of that id, or not yet.
    """
    head = table.head(product_id)
    if head is None or head.product is None:
        raise ProductNotFound(product_id)
    return head.product


def active_product(table: ProductTable, product_id: str) -> Product:
    """Return a product that is not withdrawn.

    Raises
    ------
    ProductNotFound
        There is none of that id, not yet or no longer.
    """
    product = existing_product(table, product_id)
    if not product["active"]:
        raise ProductNotFound(product_id)
    return product
