"""Reading the JSON that a caller sent."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.errors import ValidationError
from common.json_body import parse_object, printable_name
from common.prices import price_text
from common.product import PRODUCT_ATTRIBUTES, public


def refusal(body):
    with pytest.raises(ValidationError) as caught:
        parse_object(body)
    (detail,) = caught.value.details
    return detail


def test_object_is_read():
    body = '{"name": "Größe 😀", "features": ["a", null], "active": true, "more": {}}'.encode()

    assert parse_object(body) == {"name": "Größe 😀", "features": ["a", None], "active": True, "more": {}}


@pytest.mark.parametrize(
    "number", ["299.90", "299.9", "0.01", "12", "-1", "1e9", "1E-2", "0.1000000000000000055511151231"]
)
def test_numbers_are_exact(number):
    assert parse_object(f'{{"price": {number}}}'.encode()) == {"price": Decimal(number)}


def test_numbers_are_never_floats():
    value = parse_object(b'{"a": 1.5, "b": 2, "c": [3.5, {"d": 4.5}]}')

    assert {type(value["a"]), type(value["b"]), type(value["c"][0]), type(value["c"][1]["d"])} == {Decimal}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e9999999999999999999", "-1e-9999999999999999999"])
def test_numbers_that_are_none_are_left_to_the_check_of_their_field(number):
    value = parse_object(f'{{"price": {number}}}'.encode())["price"]

    assert isinstance(value, Decimal)
    assert not value.is_finite()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"name=x", "Expecting value"),
        (b"{'name': 'x'}", "double quotes"),
        (b'{"name": "x"', "line 1 column 13"),
        (b'{"name": "x",}', "line 1"),
        (b'{"name": "x"} {}', "Extra data"),
        (b'{"name": "a\nb"}', "control character"),
        (b'{"name": \x00"x"}', "Expecting value"),
        (b"[]", "another kind"),
        (b"[{}]", "another kind"),
        (b'"text"', "another kind"),
        (b"12", "another kind"),
        (b"null", "another kind"),
        (b"true", "another kind"),
        (b"NaN", "another kind"),
        (b'{"name": "\xff"}', "UTF-8"),
        (b'{"name": "\xed\xa0\xbd"}', "UTF-8"),
        ('{"name": "x"}'.encode("utf-16"), "UTF-8"),
        (b'\xef\xbb\xbf{"name": "x"}', "byte-order mark"),
        ('{"name": "Gr\ufffd\ufffdn"}'.encode(), "not valid UTF-8"),
        ('{"name": "x"}\ufffd'.encode(), "not valid UTF-8"),
        (b'{"name": "\\ud83d"}', "UTF-8"),
        (b'{"\\ud83d": "x"}', "UTF-8"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested too deeply"),
        (b"[" * 32000, "nested too deeply"),
    ],
    ids=range(25),
)
def test_body_that_is_no_json_object_is_refused_with_the_reason(body, reason):
    detail = refusal(body)

    assert detail["field"] == "body"
    assert detail["message"].startswith("must be a JSON object")
    assert reason in detail["message"]


@pytest.mark.parametrize(
    "body", [b'{"name": "x", "name": "y"}', b'{"a": 1, "name": 2, "name": 2}', b'{"a": [{"name": 1, "name": 2}]}']
)
def test_field_given_twice_is_refused_by_its_name(body):
    assert refusal(body) == {"field": "name", "message": "must be given once"}


def test_both_halves_of_a_surrogate_pair_are_one_character():
    assert parse_object(b'{"name": "\\ud83d\\ude00"}') == {"name": "😀"}


@given(st.binary())
@example(b'{"a": 1e99999999999999999999}')
def test_any_bytes_are_read_or_refused(body):
    try:
        value = parse_object(body)
    except ValidationError:
        return
    assert isinstance(value, dict)


TEXT = st.text(st.sampled_from('abz09 é日🚀"\\/\u0301\x00\n\u2028'), max_size=8)


@settings(max_examples=40)
@given(st.dictionaries(TEXT, st.none() | st.booleans() | st.integers() | TEXT | st.lists(TEXT, max_size=3), max_size=4))
def test_any_json_object_is_read_as_it_was_written(value):
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


def test_name_is_quoted_in_short_and_in_printable_form():
    assert printable_name("name") == "name"
    assert printable_name("x" * 40) == "x" * 40
    assert printable_name("x" * 1000) == "x" * 40 + "…"
    assert printable_name("a\ud83d") == "a?"


@given(st.integers(1, 99999999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}"))
def test_price_is_shown_exactly_as_it_was_sent(price):
    sent = parse_object(f'{{"price": {price}}}'.encode())["price"]
    product = dict.fromkeys(PRODUCT_ATTRIBUTES, "0") | {"price": price_text(sent)}

    shown = json.dumps(public(product)["price"])

    assert "e" not in shown
    assert Decimal(shown) == Decimal(price)
    # As short as it can be: no 299.90000000000003.
    assert len(shown) <= len(price)
