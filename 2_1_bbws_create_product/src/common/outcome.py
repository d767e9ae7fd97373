"""What became of a change: its record, as soon as the change is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from common import timestamps
from common.change_record import record_of
from common.product_table import marker_key, record_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from common.change_record import ChangeRecord
    from common.product_table import ProductTable
    from common.stopwatch import Stopwatch

# Counted from when the request arrived. The last look takes two reads, of at most six seconds each (common/aws.py), so
# the answer is there well before the gateway gives up after 29 s, and Lambda after 30 s.
MOST_SECONDS = 10
# Most changes are decided within a second.
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_GROWTH = 1.5


def outcome(table: ProductTable, product_id: str, change_id: str) -> ChangeRecord | None:
    """Return the record of a change, read consistently.

    Returns
    -------
    ChangeRecord or None
        ``None`` where the change has not been decided, is to another product, or its record has expired.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        A call to AWS failed.
    """
    marker = table.item(marker_key(change_id))
    if marker is None or marker["productId"] != product_id:
        return None
    item = table.item(record_key(product_id, cast("int", marker["sequence"])))
    return None if item is None or has_expired(item, timestamps.now()) else record_of(item)


def awaited_outcome(
    table: ProductTable, product_id: str, change_id: str, seconds: int, stopwatch: Stopwatch
) -> ChangeRecord | None:
    """Return the record of a change as soon as it is decided, or ``None`` where that takes too long.

    Parameters
    ----------
    seconds : int
        How long to wait at most; 0 for one look.
    stopwatch : Stopwatch
        Runs since the request arrived, which is answered in time whatever was asked for.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        A call to AWS failed.
    """
    until = min(stopwatch.seconds + seconds, MOST_SECONDS)
    pause = _FIRST_PAUSE_SECONDS
    while (found := outcome(table, product_id, change_id)) is None and (left := until - stopwatch.seconds) > 0:
        stopwatch.pause(min(pause, left))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE_SECONDS)
    return found


def has_expired(item: Mapping[str, object], now: datetime) -> bool:
    """Tell whether an item counts as gone, be it that DynamoDB hasn't removed it yet."""
    return cast("int", item["expiresAt"]) <= now.timestamp()
