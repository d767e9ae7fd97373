"""The table's indexes: a page of products in the order of one of them, by one query that reads that page only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cursor
from common.attribute_values import from_item, to_item
from common.head import product_of
from common.product_table import head_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from common.product import Product
    from listing import Listing


class Index(NamedTuple):
    """An index and its key attributes."""

    name: str
    partition_key: str
    sort_key: str


INDEXES = {
    "price": Index("ProductsByPriceIndex", "GSI1_PK", "GSI1_SK"),
    "name": Index("ProductsByNameIndex", "GSI2_PK", "GSI2_SK"),
    "createdAt": Index("ProductsByCreatedIndex", "GSI3_PK", "GSI3_SK"),
}


@dataclass(frozen=True)
class Page:
    """Some products of a listing, and the cursor to those that follow; ``None`` where none do."""

    products: list[Product]
    next_cursor: str | None


def page(client: DynamoDBClient, table_name: str, listing: Listing) -> Page:
    """Return one page of a listing.

    A page may hold fewer products than its limit and still have a next one: DynamoDB reads at most 1 MB.

    Raises
    ------
    InvalidCursor
        The listing's cursor is not one of its own.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        The call to AWS failed.
    """
    index = INDEXES[listing.sort_by]
    names = {"#partition": index.partition_key}
    values: dict[str, object] = {":partition": listing.partition}
    condition = "#partition = :partition"
    if listing.key_range is not None:
        names["#sort"] = index.sort_key
        values[":lowest"], values[":highest"] = listing.key_range
        condition += " AND #sort BETWEEN :lowest AND :highest"
    query: QueryInputTypeDef = {
        "TableName": table_name,
        "IndexName": index.name,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_item(values),
        "ScanIndexForward": listing.ascending,
        "Limit": listing.limit,
    }
    if listing.cursor is not None:
        sort_key = cursor.decode(listing, listing.cursor)
        query["ExclusiveStartKey"] = to_item(
            {
                **head_key(cursor.product_id_of(sort_key)),
                index.partition_key: listing.partition,
                index.sort_key: sort_key,
            }
        )
    answer = client.query(**query)
    last_key = from_item(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None
    return Page(
        products=[product_of(from_item(item)) for item in answer["Items"]],
        next_cursor=cursor.encode(listing, str(last_key[index.sort_key])) if last_key else None,
    )
