"""Cursors: where the next page of a listing begins, in a form that callers pass back and don't read.

A cursor is the sort key of the last product shown, behind a digest of it and of the query. The digest finds cursors
that were cut, altered or taken from another query. It is no secret, and needs to be none: whoever forges one gets a
page of the same query, from a place of their choice.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from common.errors import InvalidCursor
from common.index_keys import product_id_of
from common.product import is_product_id

if TYPE_CHECKING:
    from listing import Listing

_DIGEST_BYTES = 8
# Source: "Quotas in Amazon DynamoDB", sort keys.
_LONGEST_SORT_KEY_BYTES = 1024


def encode(listing: Listing, sort_key: str) -> str:
    """Return the cursor to what follows a sort key in a listing."""
    return base64.urlsafe_b64encode(_digest(listing, sort_key) + sort_key.encode()).decode().rstrip("=")


def decode(listing: Listing, cursor: str) -> str:
    """Return the sort key that a cursor of this listing holds.

    Raises
    ------
    InvalidCursor
        The cursor is of another listing, or was not made by `encode`.
    """
    try:
        sort_key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_DIGEST_BYTES:].decode()
    except ValueError:
        raise InvalidCursor from None
    # Letter for letter: the decoder passes over characters and bits that mean nothing to it.
    if cursor != encode(listing, sort_key) or not _is_in(listing, sort_key):
        raise InvalidCursor
    return sort_key


def _is_in(listing: Listing, sort_key: str) -> bool:
    """Tell whether a listing can have such a sort key: DynamoDB fails when it is to start from another."""
    if not is_product_id(product_id_of(sort_key)) or len(sort_key.encode()) > _LONGEST_SORT_KEY_BYTES:
        return False
    lowest, highest = listing.key_range or ("", sort_key)
    return lowest <= sort_key <= highest


def _digest(listing: Listing, sort_key: str) -> bytes:
    query = [listing.sort_by, listing.ascending, listing.active, listing.key_range, sort_key]
    return hashlib.sha256(json.dumps(query).encode()).digest()[:_DIGEST_BYTES]
