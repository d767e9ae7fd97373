"""Asking for a change to some fields of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from common.change import Change, new_change
from common.errors import NameTaken
from common.product import Product, name_to_take
from common.product_lookup import existing_product

if TYPE_CHECKING:
    from common.change import ChangeQueue
    from common.product import Fields
    from common.product_table import ProductTable


def request_update(
    table: ProductTable, queue: ChangeQueue, product_id: str, fields: Fields, *, requested_by: str, request_id: str
) -> Change:
    """Queue a change of the given fields; setting `active` restores or withdraws the product.

    The name is checked here to tell the caller at once; the creator checks it again, and decides.

    Raises
    ------
    ProductNotFound
        There is no such product, or not yet.
    NameTaken
        Another active product has the name that the product would come to hold.
    """
    product = existing_product(table, product_id)
    name = name_to_take(product, cast("Product", {**product, **fields}))
    if name is not None and table.name_holder(name) not in (None, product_id):
        raise NameTaken
    change = new_change(
        "UPDATE",
        product_id,
        fields,
        requested_by=requested_by,
        request_id=request_id,
        last_updated=product["dateLastUpdated"],
    )
    queue.send(change)
    return change
