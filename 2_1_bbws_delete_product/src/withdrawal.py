"""Asking for a product to be withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.change import Change, new_change
from common.product_lookup import active_product

if TYPE_CHECKING:
    from common.change import ChangeQueue
    from common.change_record import Attribution
    from common.conditions import Conditions
    from common.product_table import ProductTable


def request_withdrawal(
    table: ProductTable,
    queue: ChangeQueue,
    product_id: str,
    *,
    conditions: Conditions,
    requested_by: str,
    request_id: str,
    attribution: Attribution,
) -> Change:
    """Queue the withdrawal of a product: it stays in the table, with its history, and can be restored.

    The version is checked here to tell the caller at once; the creator checks it again, and decides.

    Parameters
    ----------
    conditions : Conditions
        Which versions the caller means.

    Raises
    ------
    ProductNotFound
        There is no such product, not yet or no longer.
    VersionMismatch
        It has another version than those.
    """
    product = active_product(table, product_id)
    change = new_change(
        "DELETE",
        product_id,
        {"active": False},
        requested_by=requested_by,
        request_id=request_id,
        attribution=attribution,
        expected_version=conditions.expected_version(product),
        last_updated=product["dateLastUpdated"],
    )
    queue.send(change)
    return change
