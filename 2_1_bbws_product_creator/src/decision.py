"""What becomes of a change: the one place that decides, without storage, queue or clock.

A product is a last-writer-wins map: each field keeps the stamp of the change that last set it, and a change sets a
field only if its own stamp is greater. Price and currency are one field of it. So whatever order changes arrive in, the
fields end up the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from common.change_record import ATTRIBUTION, ChangeRecord, Status, record_hash, record_version
from common.head import Head
from common.product import PRICE, name_to_take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.change import Change
    from common.product import Fields, Product

Reason = Literal["IdempotencyKeyReused", "VersionMismatch", "NewerChangeApplied", "NameTaken"]


class ProductNotThereYet(Exception):
    """The change is to a product whose CREATE has not been applied; it may be on its way."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of a change.

    Attributes
    ----------
    product : Product or None
        The product after it; ``None`` where there is none.
    stamps : mapping
        The stamps of its fields after it.
    takes, releases : str or None
        Names that the product comes to hold and no longer holds.
    """

    status: Status
    reason: Reason | None
    product: Product | None
    stamps: Mapping[str, str]
    takes: str | None = None
    releases: str | None = None


def stamp(change: Change) -> str:
    """Return what orders changes: the time they were asked for, and the id where that is the same."""
    return f"{change['requestedAt']}#{change['changeId']}"


def newer_fields(stamps: Mapping[str, str], change: Change) -> Fields:
    """Return the fields that a change would set: those whose stamps are older than its own."""
    own = stamp(change)
    return cast("Fields", {name: value for name, value in change["fields"].items() if own > _newest(stamps, name)})


def _newest(stamps: Mapping[str, str], name: str) -> str:
    """Return the stamp of a field, or of the value that it is a part of."""
    return max(stamps.get(part, "") for part in (PRICE if name in PRICE else (name,)))


def wanted_name(head: Head | None, change: Change) -> str | None:
    """Return the name that a product would have to take to apply a change; ``None`` if it needs none that it hasn't."""
    before = head.product if head else None
    return name_to_take(before, _after(head, change))


def decide(head: Head | None, change: Change, name_holder: str | None) -> Outcome:
    """Decide what becomes of a change.

    Parameters
    ----------
    head : Head or None
        What is known of the product; ``None`` before its first record.
    name_holder : str or None
        The id of the active product that holds the `wanted_name`.

    Raises
    ------
    ProductNotThereYet
        An UPDATE or a DELETE, and there is no product.
    """
    before = head.product if head else None
    stamps = head.stamps if head else {}
    if before is None and change["changeType"] != "CREATE":
        raise ProductNotThereYet(change["productId"])

    def unchanged(status: Status, reason: Reason) -> Outcome:
        return Outcome(status, reason, before, stamps)

    if head and change["changeType"] == "CREATE" and head.create_change_id != change["changeId"]:
        return unchanged("REJECTED", "IdempotencyKeyReused")
    if change["expectedVersion"] is not None and before and change["expectedVersion"] != before["version"]:
        return unchanged("REJECTED", "VersionMismatch")
    newer = newer_fields(stamps, change)
    if not newer:
        return unchanged("SUPERSEDED", "NewerChangeApplied")
    after = _after(head, change)
    takes = name_to_take(before, after)
    if takes is not None and name_holder not in (None, change["productId"]):
        return unchanged("REJECTED", "NameTaken")
    return Outcome(
        "APPLIED",
        None,
        after,
        {**stamps, **dict.fromkeys(newer, stamp(change))},
        takes=takes,
        releases=name_to_take(after, before),
    )


def record(head: Head | None, change: Change, outcome: Outcome, applied_at: str) -> ChangeRecord:
    """Return the record of a decision, linked to the product's record before.

    Parameters
    ----------
    applied_at : str
        When it was decided, ISO 8601 in UTC with microseconds.
    """
    unsealed = {
        "recordVersion": record_version(change),
        "sequence": head.sequence + 1 if head else 1,
        "changeId": change["changeId"],
        "changeType": change["changeType"],
        "productId": change["productId"],
        "status": outcome.status,
        "reason": outcome.reason,
        "requestedAt": change["requestedAt"],
        "requestedBy": change["requestedBy"],
        "requestId": change["requestId"],
        "expectedVersion": change["expectedVersion"],
        "fields": change["fields"],
        "appliedAt": applied_at,
        "version": outcome.product["version"] if outcome.product else 0,
        "before": head.product if head else None,
        "after": outcome.product,
        "previousHash": head.last_hash if head else None,
        **{name: value for name, value in change.items() if name in ATTRIBUTION},
    }
    return cast("ChangeRecord", {**unsealed, "hash": record_hash(unsealed)})


def next_head(head: Head | None, outcome: Outcome, change_record: ChangeRecord) -> Head:
    """Return the head that follows from a decision and its record."""
    if head is None:
        head = Head(sequence=0, last_hash="", create_change_id=change_record["changeId"])
    return replace(
        head,
        sequence=change_record["sequence"],
        last_hash=change_record["hash"],
        product=outcome.product,
        stamps=outcome.stamps,
    )


def _after(head: Head | None, change: Change) -> Product | None:
    """Return the product as it would be if the change were applied."""
    before = head.product if head else None
    stamps = head.stamps if head else {}
    newer = newer_fields(stamps, change)
    latest = {"dateLastUpdated": change["requestedAt"], "lastUpdatedBy": change["requestedBy"]}
    if before is None:
        if change["changeType"] != "CREATE":
            return None
        created = {"productId": change["productId"], "dateCreated": change["requestedAt"], "version": 1}
        return cast("Product", {**created, **newer, **latest})
    is_latest = all(stamp(change) > other for other in stamps.values())
    return cast("Product", {**before, **newer, "version": before["version"] + 1, **(latest if is_latest else {})})
