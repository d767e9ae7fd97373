"""Change records: what became of each change, linked by hashes into one chain for each product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict, cast

from common.canonical import canonical_hash
from common.change import ChangeType
from common.product import Fields, Product

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD_VERSION = 1

Status = Literal["APPLIED", "SUPERSEDED", "REJECTED"]


class ChangeRecord(TypedDict):
    """What the table, the audit queue and the audit bucket hold of a change that was decided.

    Attributes
    ----------
    sequence : int
        Counts a product's records 1, 2, 3 … without a gap.
    reason : str or None
        Why the change was not applied.
    fields : Fields
        What was asked, also when it was refused.
    version : int
        The product's version after the change; 0 where there is no product.
    before, after : Product or None
        The product before and after the change; the same where the change was not applied.
    previousHash : str or None
        The `hash` of the same product's record before; ``None`` in its first.
    hash : str
        SHA-256, in hexadecimal, of the record without `hash` as canonical JSON.
    """

    recordVersion: int
    sequence: int
    changeId: str
    changeType: ChangeType
    productId: str
    status: Status
    reason: str | None
    requestedAt: str
    requestedBy: str
    requestId: str
    expectedVersion: int | None
    fields: Fields
    appliedAt: str
    version: int
    before: Product | None
    after: Product | None
    previousHash: str | None
    hash: str


RECORD_ATTRIBUTES = tuple(ChangeRecord.__annotations__)


def record_hash(record: Mapping[str, object]) -> str:
    """Return the hash that a record must bear, whatever it bears now."""
    return canonical_hash({name: value for name, value in record.items() if name != "hash"})


def record_of(values: Mapping[str, object]) -> ChangeRecord:
    """Return the change record among an item's attributes."""
    return cast("ChangeRecord", {name: values[name] for name in RECORD_ATTRIBUTES})
