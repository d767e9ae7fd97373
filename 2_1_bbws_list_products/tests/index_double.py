"""The product table's indexes in memory: they answer Query as DynamoDB does, quickly with thousands of products.

moto sorts the whole table for each Query. This keeps every partition of every index sorted, and knows nothing but
what a listing asks; `integration/test_index_double.py` holds it to moto.

Source: "Querying tables in DynamoDB" in the Amazon DynamoDB developer guide, and the Query action's reference.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse

from common.index_keys import BY_CREATED, BY_NAME, BY_PRICE, Index
from common.product import LISTED_ATTRIBUTES
from tests import faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSPreparedRequest

# Attribute values as DynamoDB's clients send them, such as {"PK": {"S": "…"}}.
Item = dict[str, Any]
# A sort key as DynamoDB compares it, by its bytes, and the table's partition key, which tells items of one key apart.
Position = tuple[bytes, str]

LONGEST_SORT_KEY_BYTES = 1024
READ_AT_ONCE_BYTES = 1024 * 1024

_INDEXES = {index.name: index for index in (BY_PRICE, BY_NAME, BY_CREATED)}
_CONDITION = re.compile(r"(#\w+) = (:\w+)(?: AND (#\w+) BETWEEN (:\w+) AND (:\w+))?")
# The filters there are: what makes DynamoDB read more than it answers.
_FILTER = re.compile(r"(billingCycle|currency) = (:\w+)(?: AND (currency) = (:\w+))?")
_PLACEHOLDER = re.compile(r"[#:]\w+")
_UNDERSTOOD = {
    "TableName",
    "IndexName",
    "KeyConditionExpression",
    "FilterExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ScanIndexForward",
    "Limit",
    "ExclusiveStartKey",
}


class _Refused(Exception):
    """DynamoDB doesn't take such a request, or this doesn't understand it."""


class ProductIndexes:
    """The indexes of one table.

    Parameters
    ----------
    read_at_once_bytes : int
        How much one Query reads at most, counted in the bytes of the items as JSON, which is near enough.

    Attributes
    ----------
    read : list of int
        How many items each Query read, in the order of the queries.
    """

    def __init__(self, read_at_once_bytes: int = READ_AT_ONCE_BYTES) -> None:
        self.read: list[int] = []
        self._read_at_once_bytes = read_at_once_bytes
        self._items: dict[str, Item] = {}
        self._sizes: dict[str, int] = {}
        self._partitions: dict[tuple[str, str], list[Position]] = {}

    def put(self, item: Item) -> None:
        """Store an item in place of the one of its key, and bring the indexes up to date.

        Raises
        ------
        ValueError
            One of its sort keys is longer than DynamoDB takes.
        """
        key = item["PK"]["S"]
        for index in _INDEXES.values():
            if key in self._items:
                former = self._partition(index, self._items[key])
                del former[bisect_left(former, _position(index, self._items[key]))]
            position = _position(index, item)
            if len(position[0]) > LONGEST_SORT_KEY_BYTES:
                raise ValueError(f"{index.sort_key} has {len(position[0])} bytes")
            insort(self._partition(index, item), position)
        self._items[key] = item
        self._sizes[key] = len(json.dumps(item, ensure_ascii=False).encode())

    def send(self, operation: str, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request, as a sender of `faults.between`; anything but a listing's Query is refused."""
        try:
            if operation != "dynamodb.Query":
                raise _Refused
            answer = self._query(json.loads(request.body))
        except _Refused:
            return faults.refusal(operation, request, 400, "ValidationException")
        return AWSResponse(request.url, 200, {}, MockRawResponse(json.dumps(answer)))  # type: ignore[arg-type]

    def _partition(self, index: Index, item: Item) -> list[Position]:
        return self._partitions.setdefault((index.name, item[index.partition_key]["S"]), [])

    def _query(self, query: Mapping[str, Any]) -> dict[str, Any]:
        if set(query) - _UNDERSTOOD or query["Limit"] < 1:
            raise _Refused
        index = _INDEXES[query["IndexName"]]
        partition, between = _condition(index, query)
        wanted = _filter(query)
        positions = self._partitions.get((index.name, partition), [])
        begin, end = 0, len(positions)
        if between is not None:
            lowest, highest = between
            # A position of two is after one of one with the same key, and before one with a greater key.
            begin = bisect_left(positions, (lowest,))
            end = bisect_left(positions, (highest + b"\0",))
        forward = query.get("ScanIndexForward", True)
        if "ExclusiveStartKey" in query:
            after = _start(index, partition, between, query["ExclusiveStartKey"])
            if forward:
                begin = bisect_right(positions, after, lo=begin)
            else:
                end = bisect_left(positions, after, hi=end)

        found: list[Item] = []
        size = 0
        more = False
        for at in range(begin, end) if forward else range(end - 1, begin - 1, -1):
            key = positions[at][1]
            size += self._sizes[key]
            more = bool(found) and size > self._read_at_once_bytes
            if not more:
                found.append(self._items[key])
                # DynamoDB doesn't look whether anything follows a full page.
                more = len(found) == query["Limit"]
            if more:
                break
        self.read.append(len(found))
        items = [_projected(index, item) for item in found if {**item, **wanted} == item]
        answer = {"Items": items, "Count": len(items), "ScannedCount": len(found)}
        return {**answer, "LastEvaluatedKey": _keys(index, found[-1])} if more else answer


def _position(index: Index, item: Item) -> Position:
    return item[index.sort_key]["S"].encode(), item["PK"]["S"]


def _keys(index: Index, item: Item) -> Item:
    return {name: item[name] for name in ("PK", "SK", index.partition_key, index.sort_key)}


def _projected(index: Index, item: Item) -> Item:
    return {**{name: item[name] for name in LISTED_ATTRIBUTES if name in item}, **_keys(index, item)}


def _condition(index: Index, query: Mapping[str, Any]) -> tuple[str, tuple[bytes, bytes] | None]:
    """Return the partition that a query reads, and the lowest and the highest sort key."""
    parts = _CONDITION.fullmatch(query["KeyConditionExpression"])
    names, values = query["ExpressionAttributeNames"], query["ExpressionAttributeValues"]
    if parts is None or names.get(parts[1]) != index.partition_key:
        raise _Refused
    expressions = (query["KeyConditionExpression"], query.get("FilterExpression", ""))
    used = _PLACEHOLDER.findall(" ".join(expressions))
    if set(used) != {*names, *values}:
        raise _Refused
    partition = values[parts[2]]["S"]
    if parts[3] is None:
        return partition, None
    lowest, highest = (values[part]["S"].encode() for part in (parts[4], parts[5]))
    if names[parts[3]] != index.sort_key or lowest > highest or len(highest) > LONGEST_SORT_KEY_BYTES:
        raise _Refused
    return partition, (lowest, highest)


def _filter(query: Mapping[str, Any]) -> Item:
    """Return the attributes that the items have which a query answers; none for all that it reads."""
    if "FilterExpression" not in query:
        return {}
    parts = _FILTER.fullmatch(query["FilterExpression"])
    if parts is None:
        raise _Refused
    pairs = ((parts[1], parts[2]), (parts[3], parts[4]))
    return {name: query["ExpressionAttributeValues"][value] for name, value in pairs if name}


def _start(index: Index, partition: str, between: tuple[bytes, bytes] | None, start: Item) -> Position:
    """Return the position behind which a query begins; nothing needs to be there."""
    if set(start) != {"PK", "SK", index.partition_key, index.sort_key} or start[index.partition_key]["S"] != partition:
        raise _Refused
    position = _position(index, start)
    inside = between is None or between[0] <= position[0] <= between[1]
    if not inside or not 1 <= len(position[0]) <= LONGEST_SORT_KEY_BYTES:
        raise _Refused
    return position
