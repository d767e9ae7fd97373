"""Which values a product's fields may have."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import product_fields
from common.errors import ValidationError
from common.product import FIELD_NAMES, FIELDS, Money
from common.product_fields import ALLOWED, check_amounts, new_product, product_changes, queued_fields

VALID = {
    "name": "WordPress Starter",
    "description": "Hosting for one WordPress site",
    "price": Decimal("299.9"),
    "billingCycle": "monthly",
}

# Letters, blanks, marks and what is no text, in several scripts.
CHARACTERS = "abcXYZ09 -é日🚀ßİΣς\u0301\u0345\u00a0\u3000\u200f\u1112\u1161\u11ab"
TEXT = st.text(st.sampled_from(CHARACTERS))
ANY_TEXT = st.text(st.sampled_from(CHARACTERS + "\x00\n\t\x85\ud83d\uffff"))
JSON = st.recursive(
    st.none() | st.booleans() | st.decimals() | ANY_TEXT,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(ANY_TEXT, parts, max_size=4),
    max_leaves=6,
)


def refused(check, body):
    """Return the message for each field that a check refuses."""
    with pytest.raises(ValidationError) as caught:
        check(body)
    fields = [detail["field"] for detail in caught.value.details]
    assert len(set(fields)) == len(fields)
    return {detail["field"]: detail["message"] for detail in caught.value.details}


def test_fields_that_can_be_set_are_those_that_a_product_has():
    """One that is taken and isn't kept would be lost, though the caller was promised it."""
    for taken in (product_fields._REQUESTED, product_fields._QUEUED):
        assert tuple(taken) == FIELD_NAMES == tuple(ALLOWED)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.default is not None], ids=lambda field: field.name
)
def test_default_is_what_its_own_rule_allows(field):
    """What a creation leaves open goes the same way as what it says."""
    assert queued_fields({field.name: field.default}) == {field.name: field.default}, f"{field.name}: {ALLOWED}"


def test_zero_without_its_sign_is_what_the_queue_carries():
    fee = Money(Decimal(0), Decimal("9.99"))

    assert product_fields._of_number(fee)(Decimal("-0")) == product_fields._of_text(fee)("0.00") == "0.00"


def test_new_product_gets_what_it_leaves_open():
    assert new_product(VALID) == {
        "name": "WordPress Starter",
        "description": "Hosting for one WordPress site",
        "price": "299.90",
        "billingCycle": "monthly",
        "currency": "ZAR",
        "features": [],
        "active": True,
    }


def test_new_product_keeps_what_it_gives():
    given_ = {**VALID, "currency": "USD", "features": ["Free SSL certificate"], "active": False}

    assert new_product(given_) == {**given_, "price": "299.90"}


def test_new_product_without_anything_is_told_what_it_needs():
    messages = refused(new_product, {})

    assert list(messages) == ["name", "description", "price", "billingCycle"]
    assert all(message.startswith("is required") for message in messages.values())


def test_every_wrong_field_is_named_at_once():
    messages = refused(new_product, {"name": "x", "price": Decimal(0), "colour": "red", "features": ["ok then", "no"]})

    assert set(messages) == {"description", "billingCycle", "name", "price", "colour", "features[1]"}


def test_changes_hold_the_given_fields_only():
    assert product_changes({"price": Decimal("12")}) == {"price": "12.00"}
    assert product_changes({"active": True, "features": []}) == {"active": True, "features": []}


def test_change_of_the_currency_holds_the_price_in_it():
    messages = refused(product_changes, {"currency": "JPY", "active": True})

    assert list(messages) == ["price"]
    assert messages["price"].startswith("is required where currency is given: it must be ")
    # What the first release has queued is read all the same.
    assert queued_fields({"currency": "JPY"}) == {"currency": "JPY"}
    assert queued_fields({"price": "7.00"}) == {"price": "7.00"}


def test_changes_hold_at_least_one_field():
    assert "at least one of name, description" in refused(product_changes, {})["body"]


VALUES = {
    "name": ["abc", "x" * 100, "ホスティング", "🚀🚀🚀", "  trimmed  "],
    "description": ["x" * 10, "x" * 500],
    "price": [
        Decimal("0.01"),
        Decimal("999999.99"),
        Decimal("9999999999.99"),
        Decimal("12"),
        Decimal("299.90"),
        Decimal("1e2"),
        Decimal("1.10"),
        Decimal("1E-2"),
        Decimal("0.5e1"),
        Decimal("123456." + "9" + "0" * 40),
        Decimal("0" * 40 + "1.5"),
    ],
    "currency": ["ZAR", "USD"],
    "billingCycle": ["monthly", "yearly", "one-time"],
    "features": [[], ["x" * 5], ["x" * 200] * 20],
    "active": [True, False],
}


def with_price(field, value):
    """Return a change that holds a value; a currency goes with a price."""
    return {field: value, "price": Decimal(7)} if field == "currency" else {field: value}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in VALUES.items() for value in values])
def test_allowed_values_are_accepted(field, value):
    assert field in product_changes(with_price(field, value))
    assert field in new_product({**VALID, field: value})


WRONG_VALUES = {
    "name": [
        None,
        12,
        Decimal(12),
        True,
        [],
        {},
        "",
        "ab",
        "   ",
        "\u3000\u3000\u3000\u3000",
        "  ab  ",
        "x" * 101,
        "abc\x00",
        "a\nb c",
        "abc\t",
        "abc\x7f",
        "abc\x85",
        "abc\ud83d",
        "abc\ufffd",
        "abc\uffff",
        "abc\U0010ffff",
    ],
    "description": [None, Decimal(1), "x" * 9, " " * 20, "x" * 501, "a line\nand another", ["x" * 10]],
    "price": [
        None,
        "12",
        "12.00",
        "NaN",
        True,
        False,
        [],
        {},
        12,
        12.5,
        Decimal("0"),
        Decimal("-0"),
        Decimal("-1"),
        Decimal("1e12"),
        Decimal("1000000000000"),
        Decimal("0.0001"),
        Decimal("9.9999"),
        Decimal("1." + "1" * 40),
        Decimal("123456.12" + "0" * 40 + "1"),
        Decimal("1" * 40),
        Decimal("1" * 40 + ".10"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("-Infinity"),
    ],
    "currency": [None, Decimal(710), "", "zar", "ZA", "RAND", "XXX", "BTC", " ZAR", ["ZAR"]],
    "billingCycle": [None, Decimal(1), "", "weekly", "Monthly", "onetime", ["monthly"]],
    "features": [None, "text", {}, ["x" * 20] * 21, Decimal(1)],
    "active": [None, "true", "", Decimal(1), Decimal(0), 1, 0, [], {}],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG_VALUES.items() for value in values]
)
def test_wrong_value_is_refused_by_its_field_with_what_is_allowed(field, value):
    message = refused(product_changes, with_price(field, value))[field]

    assert message.startswith("must be ")
    # A new product has a currency, by default.
    in_rands = "must be a number from 0.01 to 9999999999.99 with at most two decimals, as ZAR has"
    assert refused(new_product, {**VALID, field: value}) == {field: in_rands if field == "price" else message}


@pytest.mark.parametrize(
    "feature", [None, Decimal(5), True, "", "four", "    four    ", "x" * 201, "with\x00null", ["Nested"], {}]
)
def test_wrong_feature_is_refused_by_its_position(feature):
    messages = refused(product_changes, {"features": ["Free SSL certificate", feature]})

    assert list(messages) == ["features[1]"]
    assert "5 to 200 characters" in messages["features[1]"]


@pytest.mark.parametrize(
    "name", ["colour", "Name", "NAME", " name", "productId", "version", "dateCreated", "lastUpdatedBy", "", "__proto__"]
)
def test_unknown_field_is_refused_by_its_name_with_those_that_are_known(name):
    messages = refused(product_changes, {name: "x"})

    assert list(messages) == [name]
    assert "name, description, price" in messages[name]
    assert refused(new_product, {**VALID, name: "x"}) == messages


def test_unknown_name_is_quoted_in_short():
    assert list(refused(product_changes, {"x" * 1000: 1})) == ["x" * 40 + "…"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("  WordPress  Starter \u00a0", "WordPress  Starter"),
        ("Cafe\u0301 hosting", "Café hosting"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af \u1112\u1161\u11ab", "한글 한"),
    ],
)
def test_text_is_stored_composed_and_trimmed(sent, stored):
    assert product_changes({"name": sent}) == {"name": stored}


def test_lengths_count_characters_as_they_are_stored():
    composed = "e\u0301" * 100

    assert product_changes({"name": composed}) == {"name": "é" * 100}
    assert product_changes({"name": " " * 50 + "x" * 100 + " " * 50}) == {"name": "x" * 100}
    assert product_changes({"name": "🚀" * 100}) == {"name": "🚀" * 100}
    assert "name" in refused(product_changes, {"name": "🚀" * 101})
    assert "name" in refused(product_changes, {"name": "e\u0301" * 2})


def test_rule_of_a_text_says_what_is_counted():
    messages = refused(new_product, {**VALID, "name": " ab ", "description": " ", "features": ["  four  "]})

    assert set(messages) == {"name", "description", "features[0]"}
    assert all("not counting blanks around it" in message for message in messages.values())


def test_features_are_stored_composed_and_trimmed_too():
    assert product_changes({"features": ["  Cafe\u0301s  "]}) == {"features": ["Cafés"]}


@pytest.mark.parametrize("text", ["\u3164" * 12, "\u2800" * 12, "Plan\u202eorP tsoH", "Plan for\u2028hosts"], ids=ascii)
def test_text_that_looks_blank_or_turned_is_refused_and_applied_where_it_was_queued_before(text):
    fields = {"name": text, "description": text, "features": ["With a domain", text]}

    assert list(refused(product_changes, fields)) == ["name", "description", "features[1]"]
    assert list(refused(new_product, {**VALID, **fields})) == ["name", "description", "features[1]"]
    assert queued_fields(fields) == fields


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from([*FIELD_NAMES, "colour"]), JSON, min_size=1))
def test_whatever_is_sent_is_accepted_or_refused_by_name(body):
    for check in (new_product, product_changes):
        try:
            accepted = check(body)
        except ValidationError as error:
            at_fault = {detail["field"].partition("[")[0] for detail in error.details}
            assert at_fault <= {*FIELD_NAMES, "colour"}
        else:
            assert set(accepted) <= set(FIELD_NAMES)


REQUESTS = st.fixed_dictionaries(
    {
        "name": TEXT.map(lambda text: f"Plan {text}"),
        "description": st.just("Hosting for one WordPress site"),
        "price": st.integers(1, 10**12).map(lambda mills: Decimal(mills) / 1000),
        "billingCycle": st.sampled_from(["monthly", "yearly", "one-time"]),
    },
    optional={
        "currency": st.sampled_from(["ZAR", "USD", "JPY", "KWD"]),
        "features": st.lists(TEXT.map(lambda text: f"With {text}!"), max_size=4),
        "active": st.booleans(),
    },
)


@settings(max_examples=40)
@given(REQUESTS)
def test_what_the_api_accepts_the_creator_accepts_unchanged(body):
    try:
        fields = new_product(body)
    except ValidationError:
        return

    assert queued_fields(json.loads(json.dumps(fields))) == fields


AMOUNTS = [
    *((currency, wrong, "1 to 999999999999 without decimals") for currency, wrong in [("JPY", "10.5"), ("ISK", "0.5")]),
    ("KRW", "99.99", "1 to 999999999999 without decimals"),
    ("ZAR", "12.345", "0.01 to 9999999999.99 with at most two decimals"),
    ("USD", "1e10", "0.01 to 9999999999.99 with at most two decimals"),
    ("BHD", "1000000000", "0.001 to 999999999.999 with at most three decimals"),
]


@pytest.mark.parametrize(("currency", "price", "allowed"), AMOUNTS)
def test_amount_that_its_currency_does_not_have_is_refused_with_what_it_has(currency, price, allowed):
    message = f"must be a number from {allowed}, as {currency} has"
    money = {"price": Decimal(price), "currency": currency}

    assert refused(new_product, {**VALID, **money}) == {"price": message}
    assert refused(product_changes, money) == {"price": message}
    # Alone it may be in any currency; who knows which looks again.
    with pytest.raises(ValidationError) as caught:
        check_amounts(product_changes({"price": Decimal(price)}), currency)
    assert caught.value.details == [{"field": "price", "message": message}]


@pytest.mark.parametrize(
    ("currency", "price", "text"),
    [
        ("KWD", "12.345", "12.345"),
        ("BHD", "0.001", "0.001"),
        ("VND", "25000000", "25000000.00"),
        ("JPY", "5e2", "500.00"),
    ],
)
def test_amount_that_its_currency_has_is_taken(currency, price, text):
    fields = product_changes({"price": Decimal(price), "currency": currency})

    assert fields == {"price": text, "currency": currency}
    assert queued_fields(fields) == fields
    check_amounts(fields, currency)


def test_wrong_currency_says_nothing_of_the_price():
    assert list(refused(new_product, {**VALID, "price": Decimal("12.345"), "currency": "XXX"})) == ["currency"]


@pytest.mark.parametrize("fields", [{"price": "10.50", "currency": "JPY"}, {"price": "99.99", "currency": "KRW"}])
def test_amount_that_was_taken_before_it_was_refused_is_applied(fields):
    assert queued_fields(fields) == fields


@pytest.mark.parametrize("price", ["0.01", "299.90", "12.00", "999999.99", "12.345", "999999999999.00"])
def test_queued_price_is_text_with_two_decimals_or_three(price):
    assert queued_fields({"price": price}) == {"price": price}


@pytest.mark.parametrize(
    "price",
    [
        None,
        12,
        12.5,
        Decimal("12.00"),
        True,
        "",
        "12",
        "12.5",
        "12.500",
        "0.00",
        "-1.00",
        "+1.00",
        "1e2",
        "1000000000000.00",
        "12.3456",
        "NaN",
        "Infinity",
        " 12.00",
        "12.00\n",
        "1_2.00",
        "１２.00",
        "12,00",
    ],
)
def test_queued_price_of_another_form_is_refused(price):
    assert "price" in refused(queued_fields, {"price": price})


@pytest.mark.parametrize(
    "fields", [{"name": "x"}, {"colour": "red"}, {"active": 1}, {"features": ["no"]}, {"currency": "zar"}]
)
def test_queued_fields_follow_the_same_rules(fields):
    assert len(refused(queued_fields, fields)) == 1
