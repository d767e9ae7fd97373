"""Asking for a new product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.change import Change, new_change
from common.errors import IdempotencyKeyReused, NameTaken
from common.log import logger
from common.product_fields import taken_before
from idempotency import CreationIds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.change import ChangeQueue
    from common.change_record import Attribution
    from common.product import Fields
    from common.product_table import ProductTable


def request_creation(
    table: ProductTable,
    queue: ChangeQueue,
    fields: Fields,
    *,
    key: str | None,
    requested_by: str,
    request_id: str,
    attribution: Attribution,
) -> Change:
    """Queue the creation of a product, unless the same request has been decided before.

    The name is checked here to tell the caller at once; the creator checks it again, and decides. It also makes one
    of creations with the same ids that were queued before the first was decided.

    Parameters
    ----------
    key : str or None
        The client's idempotency key; without one each request asks for a product of its own.

    Raises
    ------
    IdempotencyKeyReused
        The client has asked for another product with the key.
    NameTaken
        Another active product has the name.
    """
    ids = CreationIds.random() if key is None else CreationIds.derived(requested_by, key, fields)
    change = new_change(
        "CREATE",
        ids.product_id,
        fields,
        requested_by=requested_by,
        request_id=request_id,
        change_id=ids.change_id,
        attribution=attribution,
    )
    if key is not None and _decided_before(table, change):
        return change
    if fields["active"] and table.name_holder(fields["name"]) is not None:
        # The creation that this one repeats may have been decided since, and have taken the name itself.
        if key is not None and _decided_before(table, change):
            return change
        raise NameTaken
    queue.send(change)
    return change


def repeated_creation(
    table: ProductTable, body: Mapping[str, object], *, key: str | None, requested_by: str, request_id: str
) -> Change | None:
    """Return the decided creation that a request repeats which none may make any more; ``None`` if it repeats none.

    A release before took it, by wider rules, and whoever sends it again is to get the same answer, however late.
    """
    fields = taken_before(body)
    if key is None or fields is None:
        return None
    ids = CreationIds.derived(requested_by, key, fields)
    head = table.head(ids.product_id)
    if head is None or head.create_change_id != ids.change_id:
        return None
    return new_change(
        "CREATE", ids.product_id, fields, requested_by=requested_by, request_id=request_id, change_id=ids.change_id
    )


def _decided_before(table: ProductTable, change: Change) -> bool:
    """Tell whether a creation has been decided, be it that it was rejected.

    Raises
    ------
    IdempotencyKeyReused
        Another creation of the same product has.
    """
    head = table.head(change["productId"])
    if head is None:
        return False
    if head.create_change_id != change["changeId"]:
        raise IdempotencyKeyReused
    logger.info("creation decided before", extra={"change_id": change["changeId"], "product_id": change["productId"]})
    return True
