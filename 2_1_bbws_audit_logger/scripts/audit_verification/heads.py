"""The product table as far as it tells which record of each product is the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from audit_verification.chains import LastRecord
from audit_verification.clients import persistently
from common.attribute_values import from_item
from common.product_table import head_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, ScanInputTypeDef

_PARTITION_KEY_PREFIX = "PRODUCT#"
_NAMES = {"#pk": "PK", "#sequence": "sequence", "#hash": "lastHash"}
_PROJECTION = ", ".join(_NAMES)


class NotAHead(Exception):
    """An item isn't a product's head; the exception names it."""


class ProductHeads:
    """The heads in the product table, read consistently. Failures of AWS that don't pass reach the caller.

    Parameters
    ----------
    client : DynamoDBClient
        May be used by several threads at a time.
    table : str
        The table's name.
    """

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def of(self, product_id: str) -> dict[str, LastRecord]:
        """Return a product's head by its id; nothing if there is none."""
        answer = persistently(
            lambda: self._client.get_item(
                TableName=self._table,
                Key={name: {"S": value} for name, value in head_key(product_id).items()},
                ProjectionExpression=_PROJECTION,
                ExpressionAttributeNames=_NAMES,
                ConsistentRead=True,
            )
        )
        return dict([_head(answer["Item"])]) if "Item" in answer else {}

    def segment(self, number: int, of: int) -> dict[str, LastRecord]:
        """Return all heads in one of several equal parts of the table, by product id; the first part is 0.

        It reads the whole part, every other item of it too: no index has the heads of rejected products.
        """
        return dict(_head(item) for item in self._scan(number, of))

    def _scan(self, number: int, of: int) -> Iterator[Mapping[str, AttributeValueTypeDef]]:
        request: ScanInputTypeDef = {
            "TableName": self._table,
            "Segment": number,
            "TotalSegments": of,
            "FilterExpression": "#sk = :head",
            "ProjectionExpression": _PROJECTION,
            "ExpressionAttributeNames": {**_NAMES, "#sk": "SK"},
            "ExpressionAttributeValues": {":head": {"S": head_key("")["SK"]}},
            "ConsistentRead": True,
        }
        while True:
            answer = persistently(lambda: self._client.scan(**request))
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _head(item: Mapping[str, AttributeValueTypeDef]) -> tuple[str, LastRecord]:
    values = from_item(item)
    if values.keys() != set(_NAMES.values()):
        raise NotAHead(f"item {values.get('PK')} has {', '.join(values)}, not {', '.join(_NAMES.values())}")
    product_id = str(values["PK"]).removeprefix(_PARTITION_KEY_PREFIX)
    return product_id, LastRecord(cast("int", values["sequence"]), cast("str", values["lastHash"]))
