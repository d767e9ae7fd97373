"""The table's indexes: a page of products in the order of one of them, by one query that reads a page and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cursor
from common.attribute_values import from_item, to_item
from common.head import product_of
from common.index_keys import BY_CREATED, BY_NAME, BY_PRICE, partition, product_id_of
from common.product_table import head_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from common.product import Product
    from listing import Listing


INDEXES = {"price": BY_PRICE, "name": BY_NAME, "createdAt": BY_CREATED}


@dataclass(frozen=True)
class Page:
    """Some products of a listing, and the cursor to what follows; ``None`` where DynamoDB knows that nothing does."""

    products: list[Product]
    next_cursor: str | None


def page(client: DynamoDBClient, table_name: str, listing: Listing) -> Page:
    """Return one page of a listing.

    A page may hold fewer products than its limit, or none, and still have a next one: DynamoDB reads at most 1 MB, and
    of what it reads a filter leaves out some.

    Raises
    ------
    InvalidCursor
        The listing's cursor is not one of its own.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        The call to AWS failed.
    """
    index = INDEXES[listing.sort_by]
    query: QueryInputTypeDef = {
        "TableName": table_name,
        "IndexName": index.name,
        "ScanIndexForward": listing.ascending,
        "Limit": listing.limit,
    }
    names = {"#partition": index.partition_key}
    values: dict[str, object] = {":partition": partition(listing.active)}
    condition = "#partition = :partition"
    if listing.key_range is not None:
        names["#sort"] = index.sort_key
        values[":lowest"], values[":highest"] = listing.key_range
        condition += " AND #sort BETWEEN :lowest AND :highest"
    filters = {"billingCycle": listing.billing_cycle, "currency": listing.currency}
    if wanted := {name: value for name, value in filters.items() if value is not None}:
        values |= {f":{name}": value for name, value in wanted.items()}
        query["FilterExpression"] = " AND ".join(f"{name} = :{name}" for name in wanted)
    if listing.cursor is not None:
        sort_key = cursor.decode(listing, listing.cursor)
        query["ExclusiveStartKey"] = to_item(
            {
                **head_key(product_id_of(sort_key)),
                index.partition_key: partition(listing.active),
                index.sort_key: sort_key,
            }
        )
    query["KeyConditionExpression"] = condition
    query["ExpressionAttributeNames"] = names
    query["ExpressionAttributeValues"] = to_item(values)
    answer = client.query(**query)
    last_key = from_item(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None
    return Page(
        products=[product_of(from_item(item)) for item in answer["Items"]],
        next_cursor=cursor.encode(listing, str(last_key[index.sort_key])) if last_key else None,
    )
