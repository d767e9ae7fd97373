"""Points in time as the service writes them: ISO 8601, UTC, microseconds, ``Z``. Text order is time order."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def now() -> datetime:
    """Return the clock, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Return a moment as text, such as ``2026-11-22T08:00:00.123456Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Return the moment that a text in exactly that form names.

    Raises
    ------
    ValueError
        The text has another form, or names no moment (a 30th of February).
    """
    if not _SHAPE.fullmatch(text):
        raise ValueError("must be UTC in the form 2026-11-22T08:00:00.123456Z")
    return datetime.fromisoformat(text)


def later_than(earlier: str | None, moment: datetime) -> str:
    """Return the moment as text, or one microsecond after `earlier` where the moment isn't later than that.

    A clock that is behind another's would otherwise stamp a later request as the older one.
    """
    if earlier is not None:
        moment = max(moment, from_text(earlier) + timedelta(microseconds=1))
    return to_text(moment)
