"""Change records: what became of each change, linked by hashes into one chain for each product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict, cast

from common.canonical import canonical_hash
from common.product import FIELD_NAMES, public, public_fields

# Records are also checked where none of a function's settings is there, which other modules want when they are loaded.
if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.change import ChangeType
    from common.product import Fields, Product

# The newest that this code reads, and the one that it writes.
RECORD_VERSION = 1
# Ten digits, as many as a record's key has.
HIGHEST_SEQUENCE = 9_999_999_999

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


def is_read(version: object) -> bool:
    """Tell whether this code reads records of a version: every one up to its own."""
    # For Python, true is 1.
    return isinstance(version, int) and not isinstance(version, bool) and 1 <= version <= RECORD_VERSION


def record_hash(record: Mapping[str, object]) -> str:
    """Return the hash that a record must bear, whatever it bears now."""
    return canonical_hash({name: value for name, value in record.items() if name != "hash"})


def record_of(values: Mapping[str, object]) -> ChangeRecord:
    """Return the change record among an item's attributes."""
    return cast("ChangeRecord", {name: values[name] for name in RECORD_ATTRIBUTES})


def public_record(record: ChangeRecord) -> dict[str, object]:
    """Return a change record as answers show it: prices are JSON numbers, as everywhere in the API.

    It has one attribute more, `changed`: the names of the fields that are others after the change than before. Its
    `hash` is that of the stored record, in which prices are text.
    """
    before, after = (product and public(product) for product in (record["before"], record["after"]))
    return {
        **record,
        "fields": public_fields(record["fields"]),
        "changed": [name for name in FIELD_NAMES if (before or {}).get(name) != (after or {}).get(name)],
        "before": before,
        "after": after,
    }
