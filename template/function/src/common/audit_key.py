"""The keys of audit objects: ``{yyyy}/{mm}/{dd}/{productId}_{appliedAt}_{sequence}.json``.

Under its day, so that a day can be listed. Whoever verifies the trail reads keys by this module too: the record in an
object says anew what its key must be.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from common import timestamps
from common.product import UUID_PATTERN

if TYPE_CHECKING:
    from common.change_record import ChangeRecord

_SHAPE = re.compile(
    rf"(?P<day>\d{{4}}/\d\d/\d\d)/(?P<product_id>{UUID_PATTERN})_(?P<applied_at>[^_]+)_(?P<sequence>[1-9]\d*)\.json",
    re.ASCII,
)
_DAY_PREFIX = re.compile(r"\d{4}/\d\d/\d\d/", re.ASCII)


class AuditKey(NamedTuple):
    """What a key says of its record.

    Parameters
    ----------
    product_id : str
        The product's UUID.
    applied_at : str
        When the change was decided, ISO 8601 in UTC with microseconds.
    sequence : int
        The place in the product's chain, from 1.
    """

    product_id: str
    applied_at: str
    sequence: int

    @classmethod
    def of(cls, record: ChangeRecord) -> AuditKey:
        """Return the key of a change record."""
        return cls(record["productId"], record["appliedAt"], record["sequence"])

    @property
    def text(self) -> str:
        """The key itself."""
        day = self.applied_at[:10].replace("-", "/")
        return f"{day}/{self.product_id}_{self.applied_at}_{self.sequence}.json"


def read(key: str) -> AuditKey | None:
    """Return what a key says, or ``None`` if no record can have it."""
    match = _SHAPE.fullmatch(key)
    if match is None:
        return None
    found = AuditKey(match["product_id"], match["applied_at"], int(match["sequence"]))
    try:
        timestamps.from_text(found.applied_at)
    except ValueError:
        return None
    return found if found.text == key else None


def pattern(product_id: str, sequence: int) -> str:
    """Return what the key of a record that isn't there looks like: its time isn't known."""
    return f"*/{product_id}_*_{sequence}.json"


def day_of(key: str) -> date:
    """Return the day that a record's key is under."""
    return date.fromisoformat(key[:10].replace("/", "-"))


def day_prefix(day: date, product_id: str = "") -> str:
    """Return how the keys of a day begin, or those of one product on that day."""
    return f"{day:%Y/%m/%d}/" + (f"{product_id}_" if product_id else "")


def day_of_prefix(prefix: str) -> date | None:
    """Return the day whose keys begin so, or ``None`` if the prefix is no day's."""
    if _DAY_PREFIX.fullmatch(prefix) is None:
        return None
    try:
        return day_of(prefix)
    except ValueError:
        return None
