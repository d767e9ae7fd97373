"""DynamoDB's attribute values, held to what boto3 makes of the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from common.attribute_values import from_item, to_item

TEXT = st.text(st.sampled_from("abz09 #é日🚀\u0301\x00\U0010ffff"), max_size=8)
# DynamoDB's numbers have at most 38 digits.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38) + 1, 10**38 - 1) | TEXT,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(TEXT, parts, max_size=3),
    max_leaves=8,
)
ITEMS = st.dictionaries(TEXT, VALUES, max_size=4)


@settings(max_examples=40)
@given(ITEMS)
def test_items_are_what_boto3_would_write(values):
    serializer = TypeSerializer()

    assert to_item(values) == {name: serializer.serialize(value) for name, value in values.items()}


@settings(max_examples=40)
@given(ITEMS)
def test_items_are_read_as_boto3_would_read_them(values):
    serializer, deserializer = TypeSerializer(), TypeDeserializer()
    item = {name: serializer.serialize(value) for name, value in values.items()}

    assert from_item(item) == {name: deserializer.deserialize(value) for name, value in item.items()}


@settings(max_examples=40)
@given(ITEMS)
def test_what_is_written_is_read_again_with_its_types(values):
    assert repr(from_item(to_item(values))) == repr(values)


def test_tuples_are_written_as_lists():
    assert to_item({"a": ("b", 1)}) == {"a": {"L": [{"S": "b"}, {"N": "1"}]}}


def test_item_comes_back_from_a_table_as_it_went_in(table):
    values = {
        "text": "Größe 日本 😀",
        "empty": "",
        "number": -7,
        "yes": True,
        "no": False,
        "nothing": None,
        "list": ["a", 1, None, [], {}],
        "map": {"deep": {"deeper": ["x"]}},
    }
    key = {"PK": "A", "SK": "B"}

    table.client.put_item(TableName=table.name, Item=to_item({**key, **values}))

    assert table.item(key) == {**key, **values}


@pytest.mark.parametrize("value", [1.5, Decimal("1.5"), b"bytes", {"a"}, object(), [1.5], {"a": {"b": 1.5}}])
def test_other_types_are_refused(value):
    with pytest.raises(TypeError, match="the table holds no"):
        to_item({"a": value})
