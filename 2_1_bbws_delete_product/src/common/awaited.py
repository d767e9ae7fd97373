"""The answer to a write whose caller waits for what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, cast

from common import aws
from common.conditions import stale
from common.errors import IdempotencyKeyReused, NameTaken
from common.log import logger
from common.outcome import awaited_outcome
from common.prefer import preferred_wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.api import Request
    from common.change import Change
    from common.change_record import ChangeRecord
    from common.product import Product
    from common.product_table import ProductTable


@dataclass(frozen=True)
class Applied:
    """A change that was applied in time.

    Attributes
    ----------
    product : Product
        What it made of the product.
    headers : mapping
        What the answer says of it.
    """

    product: Product
    headers: Mapping[str, str]


def applied(request: Request, table: ProductTable, change: Change) -> Applied | None:
    """Return what became of a change that was queued, where the caller waits for it (``Prefer: wait``).

    Returns
    -------
    Applied or None
        ``None`` where the caller doesn't wait, or the change isn't applied in time: it is accepted then, no more.

    Raises
    ------
    NameTaken, VersionMismatch, IdempotencyKeyReused
        The change was rejected.
    """
    seconds = preferred_wait(request)
    if seconds is None:
        return None
    try:
        record = awaited_outcome(table, change["productId"], change["changeId"], seconds, request.stopwatch)
    except Exception as error:
        if not aws.is_passing(error):
            raise
        # The change is queued, whether or not it can be looked after.
        logger.warning("AWS failed while an outcome was waited for", exc_info=error)
        return None
    if record is None or record["status"] == "SUPERSEDED":
        return None
    if record["status"] == "REJECTED":
        _refuse(request, record)
    return Applied(
        cast("Product", record["after"]),
        {"Preference-Applied": f"wait={seconds}", "X-Change-Id": change["changeId"]},
    )


def _refuse(request: Request, record: ChangeRecord) -> NoReturn:
    """Raise the error that stands for the reason of a rejection."""
    match record["reason"]:
        case "NameTaken":
            raise NameTaken
        case "VersionMismatch":
            raise stale(request, record["version"])
        case "IdempotencyKeyReused":
            raise IdempotencyKeyReused
    raise ValueError(f"a change was rejected for {record['reason']}")
