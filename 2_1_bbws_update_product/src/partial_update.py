"""Asking for a change to some fields of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from common.change import Change, new_change
from common.errors import NameTaken
from common.product import Product, name_to_take
from common.product_fields import check_amounts
from common.product_lookup import existing_product

if TYPE_CHECKING:
    from common.change import ChangeQueue
    from common.change_record import Attribution
    from common.conditions import Conditions
    from common.product import Fields
    from common.product_table import ProductTable


def request_update(
    table: ProductTable,
    queue: ChangeQueue,
    product_id: str,
    fields: Fields,
    *,
    conditions: Conditions,
    requested_by: str,
    request_id: str,
    attribution: Attribution,
) -> Change:
    """Queue a change of the given fields; setting `active` restores or withdraws the product.

    A price alone is meant in the currency that the product has now, so the change says that, too: it sets both, and
    doesn't end in the currency that somebody else sets meanwhile.

    Version and name are checked here to tell the caller at once; the creator checks them again, and decides.

    Parameters
    ----------
    conditions : Conditions
        Which versions the caller means.

    Raises
    ------
    ProductNotFound
        There is no such product, or not yet.
    ValidationError
        Its currency has no such price.
    VersionMismatch
        It has another version than those.
    NameTaken
        Another active product has the name that the product would come to hold.
    """
    product = existing_product(table, product_id)
    if "price" in fields:
        fields = {"currency": product["currency"], **fields}
        check_amounts(fields, fields["currency"])
    version = conditions.expected_version(product)
    name = name_to_take(product, cast("Product", {**product, **fields}))
    if name is not None and table.name_holder(name, but_for=product_id) is not None:
        raise NameTaken
    change = new_change(
        "UPDATE",
        product_id,
        fields,
        requested_by=requested_by,
        request_id=request_id,
        attribution=attribution,
        expected_version=version,
        last_updated=product["dateLastUpdated"],
    )
    queue.send(change)
    return change
