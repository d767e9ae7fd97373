"""``Prefer`` (RFC 7240): how the caller would like to be answered. What isn't understood is passed over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from common.outcome import MOST_SECONDS

if TYPE_CHECKING:
    from common.api import Request

# No quantifier gives back what it took: otherwise each blank could be taken in two ways, and time would double with it.
_BLANKS = r"[ \t]*+"
_BARE = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_WORD = rf"(?:{_BARE}|\"(?:[^\"\\]|\\.)*+\")"
_VALUE = rf"(?:{_BLANKS}={_BLANKS}{_WORD})?+"
# One preference with its parameters, and what ends it.
_PREFERENCE = re.compile(
    rf"{_BLANKS}(?:(?P<name>{_BARE})(?:{_BLANKS}={_BLANKS}(?P<word>{_WORD}))?+"
    rf"(?:{_BLANKS};{_BLANKS}(?:{_BARE}{_VALUE})?+)*+)?+{_BLANKS}(?:,|\Z)"
)
_SECONDS = re.compile(r"[0-9]{1,9}")


def preferred_wait(request: Request) -> int | None:
    """Return for how many seconds a caller would wait for what becomes of its change.

    Returns
    -------
    int or None
        At most 10; ``None`` where the caller doesn't say, or not so that it can be understood. Of several it is the
        first that counts.

    Examples
    --------
    ``Prefer: respond-async, wait=5`` is 5.
    """
    header, position = request.headers.get("prefer", ""), 0
    while position < len(header):
        preference = _PREFERENCE.match(header, position)
        if preference is None:
            return None
        if (preference["name"] or "").lower() == "wait":
            word = (preference["word"] or "").strip('"')
            return min(int(word), MOST_SECONDS) if _SECONDS.fullmatch(word) else None
        position = preference.end()
    return None
