"""Canonical JSON."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.canonical import canonical_hash, canonical_json

TEXT = st.text(st.sampled_from('abz09 #é日🚀"\\\u0301\x00\u2028\U0010ffff'), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(TEXT, parts, max_size=3),
    max_leaves=8,
)


def test_keys_are_sorted_white_space_is_gone_and_text_stays_readable():
    value = {"b": [1, {"z": None, "a": True}], "a": "Größe 日本", "ä": "299.90"}

    assert canonical_json(value) == '{"a":"Größe 日本","b":[1,{"a":true,"z":null}],"ä":"299.90"}'.encode()


def test_hash_is_that_of_the_canonical_text():
    assert canonical_hash({"b": 1, "a": "é"}) == hashlib.sha256(b'{"a":"\xc3\xa9","b":1}').hexdigest()
    assert canonical_hash({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@settings(max_examples=40)
@given(JSON)
def test_canonical_text_holds_the_same_value(value):
    assert json.loads(canonical_json(value)) == value


@settings(max_examples=40)
@given(st.dictionaries(TEXT, JSON, min_size=2, max_size=4))
def test_order_of_keys_makes_no_difference(value):
    turned = dict(reversed(value.items()))

    assert canonical_json(turned) == canonical_json(value)


@settings(max_examples=40)
@given(JSON)
def test_value_that_went_through_json_has_the_same_hash(value):
    assert canonical_hash(json.loads(json.dumps(value))) == canonical_hash(value)


@pytest.mark.parametrize("value", [1.5, float("nan"), [1.5], {"a": {"b": [{"c": 0.1}]}}, (0.5,)])
def test_floats_are_refused_wherever_they_are(value):
    with pytest.raises(TypeError, match="float"):
        canonical_json(value)


@pytest.mark.parametrize("value", [Decimal("1.5"), {"a": {1, 2}}, b"bytes", [object()]])
def test_what_json_does_not_have_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(UnicodeEncodeError):
        canonical_json("\ud83d")
