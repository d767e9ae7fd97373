"""Asking for a new product."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from common.change import Change, new_change
from common.errors import NameTaken

if TYPE_CHECKING:
    from common.change import ChangeQueue
    from common.product import Fields
    from common.product_table import ProductTable


def request_creation(
    table: ProductTable, queue: ChangeQueue, fields: Fields, *, requested_by: str, request_id: str
) -> Change:
    """Queue the creation of a product.

    The name is checked here to tell the caller at once; the creator checks it again, and decides.

    Raises
    ------
    NameTaken
        Another active product has the name.
    """
    if fields["active"] and table.name_holder(fields["name"]) is not None:
        raise NameTaken
    change = new_change("CREATE", str(uuid.uuid4()), fields, requested_by=requested_by, request_id=request_id)
    queue.send(change)
    return change
