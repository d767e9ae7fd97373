"""A product's history: its change records, newest first, as long as the table keeps them.

A record expires 90 days after its change was decided. DynamoDB removes what has expired some days later, in no
particular order, so an expired record counts as gone from the moment it expires: what is shown has no gaps, and all
that is older is in the audit bucket.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common import cursors, timestamps
from common.attribute_values import from_item, to_item
from common.change_record import HIGHEST_SEQUENCE, record_of
from common.errors import ChangePending, InvalidCursor, NotFound, ProductNotFound
from common.outcome import awaited_outcome, has_expired
from common.product_table import record_key

if TYPE_CHECKING:
    from common.change_record import ChangeRecord
    from common.product_table import ProductTable
    from common.stopwatch import Stopwatch

_SEQUENCE = re.compile(r"[1-9]\d{0,9}", re.ASCII)


@dataclass(frozen=True)
class Page:
    """Some records of a history.

    Attributes
    ----------
    records : list of ChangeRecord
        Newest first.
    next_cursor : str or None
        The cursor to what follows; ``None`` on the last page.
    archived_through : int or None
        On the last page the sequence of the newest record that only the audit bucket still has, with all before it;
        ``None`` if there is none.
    """

    records: list[ChangeRecord]
    next_cursor: str | None
    archived_through: int | None


def page(table: ProductTable, product_id: str, limit: int, cursor: str | None) -> Page:
    """Return one page of a product's history.

    A page may hold fewer records than its limit and still have a next one: DynamoDB reads at most 1 MB.

    Parameters
    ----------
    cursor : str or None
        The `next_cursor` of the page before; ``None`` for the first page.

    Raises
    ------
    InvalidCursor
        The cursor is not one of this history.
    ProductNotFound
        No change to a product of that id has been decided.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        A call to AWS failed.
    """
    newest = HIGHEST_SEQUENCE if cursor is None else _sequence_in(product_id, cursor) - 1
    records, has_more = _records(table, product_id, newest, limit)
    if not records:
        # The head tells a history that has expired from one that never was. The records are read again behind it: the
        # product may have come into being between the two, and its first record must not be taken for an expired one.
        head = table.head(product_id)
        if head is None:
            raise ProductNotFound(product_id)
        records, has_more = _records(table, product_id, newest, limit)
        if not records:
            return Page([], None, min(newest, head.sequence))
    oldest = records[-1]["sequence"]
    if has_more and oldest > 1:
        return Page(records, cursors.encode(_query(product_id), str(oldest)), None)
    return Page(records, None, oldest - 1 or None)


def change(
    table: ProductTable, product_id: str, change_id: str, wait: int | None, stopwatch: Stopwatch
) -> ChangeRecord:
    """Return the record of one change.

    Parameters
    ----------
    wait : int or None
        For how many seconds to wait until it is decided; ``None`` where the caller didn't ask for that.
    stopwatch : Stopwatch
        Runs since the request arrived.

    Raises
    ------
    NotFound
        The change has not been decided, is to another product, or its record has expired.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        A call to AWS failed.
    """
    found = awaited_outcome(table, product_id, change_id, wait or 0, stopwatch)
    if found is None:
        raise (NotFound if wait is None else ChangePending)(
            f"there is no record of a change {change_id} to product {product_id}: it may be pending, "
            "or may have been decided more than 90 days ago"
        )
    return found


def _records(table: ProductTable, product_id: str, newest: int, limit: int) -> tuple[list[ChangeRecord], bool]:
    """Return the records up to a sequence, newest first, and whether there are more below them."""
    answer = table.client.query(
        TableName=table.name,
        KeyConditionExpression="PK = :product AND SK BETWEEN :oldest AND :newest",
        ExpressionAttributeValues=to_item(
            {
                ":product": record_key(product_id, 1)["PK"],
                ":oldest": record_key(product_id, 1)["SK"],
                ":newest": record_key(product_id, newest)["SK"],
            }
        ),
        ScanIndexForward=False,
        ConsistentRead=True,
        # The one too many tells whether there is a next page: DynamoDB itself can't say whether it has come to the end.
        Limit=limit + 1,
    )
    items = [from_item(item) for item in answer["Items"]]
    now = timestamps.now()
    kept = list(itertools.takewhile(lambda item: not has_expired(item, now), items))
    was_cut = "LastEvaluatedKey" in answer and len(kept) == len(items)
    return [record_of(item) for item in kept[:limit]], was_cut or len(kept) > limit


def _query(product_id: str) -> list[object]:
    return ["changes", product_id]


def _sequence_in(product_id: str, cursor: str) -> int:
    """Return the sequence that a cursor holds: that of the oldest record shown, which is not the first of all."""
    position = cursors.decode(_query(product_id), cursor)
    if not _SEQUENCE.fullmatch(position) or position == "1":
        raise InvalidCursor
    return int(position)
