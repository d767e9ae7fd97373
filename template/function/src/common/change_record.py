"""Change records: what became of each change, linked by hashes into one chain for each product."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from common.canonical import canonical_hash
from common.product import FIELD_NAMES, public, public_fields
from common.text import normalised

# Records are also checked where none of a function's settings is there, which other modules want when they are loaded.
if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.change import ChangeType
    from common.product import Fields, Product

# The newest that this code reads. A record bears the least version that has all that it holds, like a message.
RECORD_VERSION = 2
_ATTRIBUTION_SINCE = 2
# Ten digits, as many as a record's key has.
HIGHEST_SEQUENCE = 9_999_999_999

Status = Literal["APPLIED", "SUPERSEDED", "REJECTED"]


LONGEST_ACTING_USER, LONGEST_CHANGE_NOTE = 100, 500

# Each turns the direction of the text that follows, or ends a line: what is shown would not be what is held.
_MISLEADING = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Attribution(TypedDict, total=False):
    """Who asked for a change, and why, as far as the key's holder says so; nobody checks it."""

    actingUser: str
    changeNote: str


class ChangeRecord(Attribution, TypedDict):
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


ATTRIBUTION = tuple(Attribution.__annotations__)
# Those that every record has.
RECORD_ATTRIBUTES = tuple(name for name in ChangeRecord.__annotations__ if name not in ATTRIBUTION)


def is_read(version: object) -> bool:
    """Tell whether this code reads records of a version: every one up to its own."""
    # For Python, true is 1.
    return isinstance(version, int) and not isinstance(version, bool) and 1 <= version <= RECORD_VERSION


def record_version(attribution: Attribution) -> int:
    """Return the version of the record of a change that was attributed so; that of the message is the same."""
    return _ATTRIBUTION_SINCE if attribution.keys() & set(ATTRIBUTION) else 1


def attributed(text: str, longest: int) -> str:
    """Return a part of an attribution as it is stored.

    Raises
    ------
    ValueError
        It has more characters than it may, or none, or some that mislead whoever reads it.
    """
    if _MISLEADING.search(text):
        raise ValueError
    return normalised(text, 1, longest)


def has_its_attributes(values: Mapping[str, object]) -> bool:
    """Tell whether values have the attributes of a record of their version, and no other."""
    known = RECORD_ATTRIBUTES if values["recordVersion"] == 1 else (*RECORD_ATTRIBUTES, *ATTRIBUTION)
    return set(RECORD_ATTRIBUTES) <= values.keys() <= set(known)


def record_hash(record: Mapping[str, object]) -> str:
    """Return the hash that a record must bear, whatever it bears now."""
    return canonical_hash({name: value for name, value in record.items() if name != "hash"})


def record_of(values: Mapping[str, object]) -> ChangeRecord:
    """Return the change record among an item's attributes."""
    stated = {name: values[name] for name in ATTRIBUTION if name in values}
    return cast("ChangeRecord", {**{name: values[name] for name in RECORD_ATTRIBUTES}, **stated})


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
