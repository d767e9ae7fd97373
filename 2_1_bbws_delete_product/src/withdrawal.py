"""Asking for a product to be withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.change import Change, new_change
from common.product_lookup import active_product

if TYPE_CHECKING:
    from common.change import ChangeQueue
    from common.product_table import ProductTable


def request_withdrawal(
    table: ProductTable, queue: ChangeQueue, product_id: str, *, requested_by: str, request_id: str
) -> Change:
    """Queue the withdrawal of a product: it stays in the table, with its history, and can be restored.

    Raises
    ------
    ProductNotFound
        There is no such product, not yet or no longer.
    """
    product = active_product(table, product_id)
    change = new_change(
        "DELETE",
        product_id,
        {"active": False},
        requested_by=requested_by,
        request_id=request_id,
        last_updated=product["dateLastUpdated"],
    )
    queue.send(change)
    return change
