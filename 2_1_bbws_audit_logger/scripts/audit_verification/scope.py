"""Which part of the audit trail is verified, and where a record that is still on its way would appear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from common import audit_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit_verification.chains import Gap

DAY = timedelta(days=1)

# Records reach the bucket within seconds; what waits for longer than this has met a fault, and is missing.
ON_ITS_WAY_AT_MOST = timedelta(hours=1)

# How far ahead of this clock that of a function may be; changes from further ahead are refused.
CLOCKS_DIFFER_BY_AT_MOST = timedelta(minutes=5)


@dataclass(frozen=True)
class Scope:
    """Which part of the audit trail is verified.

    Parameters
    ----------
    product_id : str, optional
        The one product; all without it.
    first_day, last_day : date, optional
        Days of `appliedAt`, both included; without one, the trail's own first or last.
    """

    product_id: str | None = None
    first_day: date | None = None
    last_day: date | None = None

    @property
    def is_everything(self) -> bool:
        """Whether the whole bucket is meant."""
        return self == Scope()

    def includes(self, day: date) -> bool:
        """Tell whether the records of a day are part of it."""
        return (self.first_day or date.min) <= day <= (self.last_day or date.max)

    def reaches(self, moment: datetime) -> bool:
        """Tell whether it includes whatever is recorded from a moment on."""
        return self.last_day is None or self.last_day >= (moment + CLOCKS_DIFFER_BY_AT_MOST).date()

    def prefix(self, day: date) -> str:
        """Return how the keys of a day begin that are part of it."""
        return audit_key.day_prefix(day, self.product_id or "")


def days_to_look_at_again(scope: Scope, gap: Gap, started: datetime, now: datetime) -> Iterator[date]:
    """Yield the days under which a record that seems to be missing may have appeared, or was not looked for.

    That is where records appear while the bucket is read; and the days just outside the scope, because clocks differ:
    around midnight, one record can be of an earlier day than the one before it.

    Parameters
    ----------
    gap : Gap
        Where the record seems to be missing. It is applied between those around it.
    started, now : datetime
        When the verification began, and the clock; UTC.
    """
    earliest = _shifted(audit_key.day_of(gap.before), -DAY) if gap.before else date.min
    latest = _shifted(audit_key.day_of(gap.after), DAY) if gap.after else date.max
    outside = {
        *([_shifted(scope.first_day, -DAY)] if scope.first_day else []),
        *([_shifted(scope.last_day, DAY)] if scope.last_day else []),
    }
    recent = (started - ON_ITS_WAY_AT_MOST).date()
    until = (now + CLOCKS_DIFFER_BY_AT_MOST).date()
    inside = {recent + number * DAY for number in range((until - recent).days + 1)}
    for day in sorted(outside | {day for day in inside if scope.includes(day)}):
        if earliest <= day <= latest:
            yield day


def _shifted(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return day
