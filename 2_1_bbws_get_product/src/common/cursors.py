"""Cursors: where the next page of a query begins, in a form that callers pass back and don't read.

A cursor is a position, such as the sort key of the last item shown, behind a digest of it and of the query. The digest
finds cursors that were cut, altered or taken from another query. It is no secret, and needs to be none: whoever forges
one gets a page of the same query, from a place of their choice. So a position must still be checked to be one that the
query can have.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from common.errors import InvalidCursor

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGEST_BYTES = 8


def encode(query: Sequence[object], position: str) -> str:
    """Return the cursor to what follows a position.

    Parameters
    ----------
    query : sequence
        What makes one query another, as values that JSON has; a page's size doesn't.
    """
    return base64.urlsafe_b64encode(_digest(query, position) + position.encode()).decode().rstrip("=")


def decode(query: Sequence[object], cursor: str) -> str:
    """Return the position that a cursor of this query holds.

    Raises
    ------
    InvalidCursor
        The cursor is of another query, or was not made by `encode`.
    """
    try:
        position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_DIGEST_BYTES:].decode()
    except ValueError:
        raise InvalidCursor from None
    # Letter for letter: the decoder passes over characters and bits that mean nothing to it.
    if cursor != encode(query, position):
        raise InvalidCursor
    return position


def _digest(query: Sequence[object], position: str) -> bytes:
    return hashlib.sha256(json.dumps([*query, position]).encode()).digest()[:_DIGEST_BYTES]
