"""The cursors of listings: the sort key of the last product read, in a form that callers pass back and don't read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import cursors
from common.errors import InvalidCursor
from common.index_keys import product_id_of
from common.product import is_product_id

if TYPE_CHECKING:
    from listing import Listing

# Source: "Quotas in Amazon DynamoDB", sort keys.
_LONGEST_SORT_KEY_BYTES = 1024


def encode(listing: Listing, sort_key: str) -> str:
    """Return the cursor to what follows a sort key in a listing."""
    return cursors.encode(_query(listing), sort_key)


def decode(listing: Listing, cursor: str) -> str:
    """Return the sort key that a cursor of this listing holds.

    Raises
    ------
    InvalidCursor
        The cursor is of another listing, or was not made by `encode`.
    """
    sort_key = cursors.decode(_query(listing), cursor)
    if not _is_in(listing, sort_key):
        raise InvalidCursor
    return sort_key


def _query(listing: Listing) -> list[object]:
    query: list[object] = [listing.sort_by, listing.ascending, listing.active, listing.key_range]
    # Only where it is asked for: cursors from before there was such a filter hold good.
    return [*query, *(value for value in (listing.billing_cycle, listing.currency) if value is not None)]


def _is_in(listing: Listing, sort_key: str) -> bool:
    """Tell whether a listing can have such a sort key: DynamoDB fails when it is to start from another."""
    if not is_product_id(product_id_of(sort_key)) or len(sort_key.encode()) > _LONGEST_SORT_KEY_BYTES:
        return False
    lowest, highest = listing.key_range or ("", sort_key)
    return lowest <= sort_key <= highest
