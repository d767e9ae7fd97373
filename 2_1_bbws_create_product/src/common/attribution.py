"""Who asked for a change, and why, by the word of the key's holder: ``X-Acting-User`` and ``X-Change-Note``.

Nobody checks what they say. It goes with the change into the message, the record and the history, and nowhere else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from common.change_record import LONGEST_ACTING_USER, LONGEST_CHANGE_NOTE, Attribution, attributed
from common.errors import ValidationError

if TYPE_CHECKING:
    from common.api import Request

_PERCENT_ENCODED = re.compile(r"(?:[ -$&-~]|%[0-9A-Fa-f]{2})*+")


def attribution(request: Request) -> Attribution:
    """Return what a request says of who asked for its change, and why.

    Raises
    ------
    ValidationError
        A header isn't percent-encoded UTF-8, or holds less, more or other characters than it may.
    """
    found: Attribution = {}
    if "x-acting-user" in request.headers:
        found["actingUser"] = _read(request, "X-Acting-User", LONGEST_ACTING_USER)
    if "x-change-note" in request.headers:
        found["changeNote"] = _read(request, "X-Change-Note", LONGEST_CHANGE_NOTE)
    return found


def _read(request: Request, header: str, longest: int) -> str:
    value = request.headers[header.lower()]
    try:
        if not _PERCENT_ENCODED.fullmatch(value):
            raise ValueError
        # What isn't UTF-8 is a ValueError, too.
        return attributed(unquote_to_bytes(value).decode(), longest)
    except ValueError:
        raise ValidationError.of(
            header,
            f"must be 1 to {longest} characters in percent-encoded UTF-8, without control characters, line separators "
            "and characters that turn the direction of text",
        ) from None
