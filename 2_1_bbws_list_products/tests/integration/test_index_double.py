"""The indexes in memory answer as moto's do."""

from __future__ import annotations

import itertools
import uuid

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.index_double import ProductIndexes

from common.attribute_values import to_item
from common.head import Head
from common.index_keys import BY_CREATED, BY_NAME, BY_PRICE
from common.product_table import head_key
from tests import faults

INDEXES = (BY_PRICE, BY_NAME, BY_CREATED)


def item_of(number, name, price, created, active, billing_cycle="monthly", currency="ZAR"):
    product_id = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
    product = {
        "productId": product_id,
        "name": name,
        "description": "Hosting for one WordPress site",
        "price": price,
        "currency": currency,
        "billingCycle": billing_cycle,
        "features": [],
        "active": active,
        "version": 1,
        "dateCreated": created,
        "dateLastUpdated": created,
        "lastUpdatedBy": "admin",
    }
    return to_item({**head_key(product_id), **Head(1, "0" * 64, "c-1", product).attributes(product_id)})


ITEMS = st.lists(
    st.builds(
        item_of,
        number=st.integers(0, 9),
        name=st.sampled_from(["plan", "plan a", "Plan", "ｐlan", "🚀", "日本"]),
        price=st.sampled_from(["9.99", "10.00", "100.00"]),
        created=st.sampled_from(["2026-11-22T08:00:00.000000Z", "2026-11-22T08:00:00.000001Z"]),
        active=st.booleans(),
        billing_cycle=st.sampled_from(["monthly", "yearly"]),
        currency=st.sampled_from(["ZAR", "USD"]),
    ),
    max_size=16,
)


def query_of(table, index, active, forward, limit, between, filters=()):
    names, values = {"#p": index.partition_key}, {":p": "PRODUCT#ACTIVE" if active else "PRODUCT#INACTIVE"}
    condition = "#p = :p"
    if between is not None:
        condition += " AND #s BETWEEN :l AND :h"
        names["#s"] = index.sort_key
        values |= {":l": between[0], ":h": between[1]}
    filtered = {"FilterExpression": " AND ".join(f"{name} = :{name}" for name in filters)} if filters else {}
    values |= {f":{name}": value for name, value in dict(filters).items()}
    return {
        **filtered,
        "TableName": table.name,
        "IndexName": index.name,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_item(values),
        "ScanIndexForward": forward,
        "Limit": limit,
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), items=ITEMS, index=st.sampled_from(INDEXES), active=st.booleans(), forward=st.booleans())
def test_indexes_in_memory_answer_as_moto_does(new_table, data, items, index, active, forward):
    table, indexes = new_table(), ProductIndexes()
    for item in items:
        table.client.put_item(TableName=table.name, Item=item)
        indexes.put(item)
    keys = sorted({item[index.sort_key]["S"] for item in items} | {" ", "0", "z", "\U0010ffff"})
    ends = st.tuples(st.sampled_from(keys), st.sampled_from(keys))
    between = data.draw(st.none() | ends.map(lambda pair: tuple(sorted(pair))), label="between")
    drawn = {
        "billingCycle": data.draw(st.sampled_from([None, "monthly", "yearly", "one-time"]), label="billingCycle"),
        "currency": data.draw(st.sampled_from([None, "ZAR", "USD", "EUR"]), label="currency"),
    }
    filters = {name: value for name, value in drawn.items() if value is not None}
    limit = data.draw(st.integers(1, 6), label="limit")
    query = query_of(table, index, active, forward, limit, between, filters)

    for _ in itertools.count():
        from_moto = table.client.query(**query)
        with faults.between([table.client], indexes.send):
            answer = table.client.query(**query)

        for part in ("Items", "Count", "ScannedCount"):
            assert answer[part] == from_moto[part]
        # moto looks ahead whether anything follows a full page; DynamoDB doesn't.
        if "LastEvaluatedKey" in from_moto or answer["ScannedCount"] < query["Limit"]:
            assert answer.get("LastEvaluatedKey") == from_moto.get("LastEvaluatedKey")
        if "LastEvaluatedKey" not in answer:
            break
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@pytest.mark.parametrize(
    "change",
    [
        {"FilterExpression": "price = :p"},
        {"FilterExpression": "billingCycle = :p OR billingCycle = :p"},
        {"FilterExpression": "billingCycle = :missing"},
        {"ConsistentRead": True},
        {"KeyConditionExpression": "begins_with(#p, :p)"},
        {"KeyConditionExpression": "#p = :p OR #p = :p"},
        {"ExpressionAttributeValues": to_item({":p": "PRODUCT#ACTIVE", ":unused": "x"})},
        {"ExpressionAttributeNames": {"#p": "PK"}},
        {"ExclusiveStartKey": to_item(head_key("x"))},
    ],
    ids=str,
)
def test_query_that_is_no_listing_is_refused(table, change):
    query = {**query_of(table, BY_NAME, True, True, 1, None), **change}

    with faults.between([table.client], ProductIndexes().send), pytest.raises(ClientError, match="ValidationException"):
        table.client.query(**query)


def test_scan_is_refused(table):
    with faults.between([table.client], ProductIndexes().send), pytest.raises(ClientError, match="ValidationException"):
        table.client.scan(TableName=table.name)


def test_start_outside_the_range_is_refused(table):
    query = query_of(table, BY_NAME, True, True, 1, ("b", "c"))
    start = {**head_key("x"), "GSI2_PK": "PRODUCT#ACTIVE", "GSI2_SK": "a"}

    with faults.between([table.client], ProductIndexes().send), pytest.raises(ClientError, match="ValidationException"):
        table.client.query(**query, ExclusiveStartKey=to_item(start))


def test_query_reads_no_more_than_a_page_of_bytes(table):
    indexes = ProductIndexes(read_at_once_bytes=1)
    for number in range(2):
        indexes.put(item_of(number, "plan", "10.00", "2026-11-22T08:00:00.000000Z", True))

    with faults.between([table.client], indexes.send):
        answer = table.client.query(**query_of(table, BY_NAME, True, True, 100, None))

    assert answer["Count"] == 1
    assert "LastEvaluatedKey" in answer


def test_sort_key_beyond_what_dynamodb_takes_is_refused():
    with pytest.raises(ValueError, match="GSI2_SK has 1038 bytes"):
        ProductIndexes().put(item_of(1, "x" * 1001, "10.00", "2026-11-22T08:00:00.000000Z", True))
