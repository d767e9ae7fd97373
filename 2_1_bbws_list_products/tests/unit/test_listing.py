"""Query parameters, checked and understood."""

from __future__ import annotations

from dataclasses import replace

import pytest

import listing
from common.errors import ValidationError
from listing import Listing


def read(**parameters):
    return listing.read({name: [value] for name, value in parameters.items()})


def refused(query):
    """Return the message for each parameter that is refused."""
    with pytest.raises(ValidationError) as caught:
        listing.read(query)
    return {detail["field"]: detail["message"] for detail in caught.value.details}


def test_nothing_asked_means_the_oldest_active_products():
    assert read() == Listing(
        sort_by="createdAt", ascending=True, active=True, key_range=None, billing_cycle=None, limit=20, cursor=None
    )


def test_everything_asked_is_understood():
    query = {"sortBy": "price", "order": "desc", "active": "false", "limit": "100", "cursor": "abc", "minPrice": "1"}

    assert read(**query, billingCycle="one-time") == Listing(
        sort_by="price",
        ascending=False,
        active=False,
        key_range=("ZAR#000000000001.000#", "ZAR#999999999999.000$"),
        billing_cycle="one-time",
        limit=100,
        cursor="abc",
    )


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("sortBy", "date", "must be createdAt, price or name"),
        ("sortBy", "Price", "must be createdAt, price or name"),
        ("sortBy", "", "must be createdAt, price or name"),
        ("order", "ascending", "must be asc or desc"),
        ("order", "DESC", "must be asc or desc"),
        ("active", "1", "must be true or false"),
        ("active", "False", "must be true or false"),
        ("active", "", "must be true or false"),
        ("billingCycle", "weekly", "must be one of monthly, yearly, one-time"),
        ("billingCycle", "Monthly", "must be one of monthly, yearly, one-time"),
        ("billingCycle", "one time", "must be one of monthly, yearly, one-time"),
        ("billingCycle", "monthly,yearly", "must be one of monthly, yearly, one-time"),
        ("billingCycle", " yearly", "must be one of monthly, yearly, one-time"),
        ("billingCycle", "", "must be one of monthly, yearly, one-time"),
        ("currency", "usd", "must be a currency code of ISO 4217 in capitals, such as ZAR"),
        ("currency", "XAU", "must be a currency code of ISO 4217 in capitals, such as ZAR"),
        ("currency", "", "must be a currency code of ISO 4217 in capitals, such as ZAR"),
        ("limit", "0", "must be a whole number from 1 to 100"),
        ("limit", "101", "must be a whole number from 1 to 100"),
    ],
)
def test_value_that_is_not_allowed_is_refused_with_those_that_are(name, value, allowed):
    assert refused({name: [value]}) == {name: allowed}


# Prices


@pytest.mark.parametrize(
    ("bounds", "key_range"),
    [
        ({"minPrice": "10"}, ("ZAR#000000000010.000#", "ZAR#999999999999.000$")),
        ({"minPrice": "10.5"}, ("ZAR#000000000010.500#", "ZAR#999999999999.000$")),
        ({"minPrice": "10.50"}, ("ZAR#000000000010.500#", "ZAR#999999999999.000$")),
        ({"maxPrice": "10"}, ("ZAR#000000000000.000#", "ZAR#000000000010.000$")),
        ({"minPrice": "0", "maxPrice": "999999999999"}, ("ZAR#000000000000.000#", "ZAR#999999999999.000$")),
        ({"minPrice": "10", "maxPrice": "10.00"}, ("ZAR#000000000010.000#", "ZAR#000000000010.000$")),
        ({"minPrice": "1.999"}, ("ZAR#000000000001.999#", "ZAR#999999999999.000$")),
        ({"sortBy": "price"}, ("ZAR#000000000000.000#", "ZAR#999999999999.000$")),
        ({"sortBy": "price", "currency": "USD"}, ("USD#000000000000.000#", "USD#999999999999.000$")),
        ({"maxPrice": "99", "currency": "JPY"}, ("JPY#000000000000.000#", "JPY#000000000099.000$")),
        ({"minPrice": "000001", "sortBy": "price"}, ("ZAR#000000000001.000#", "ZAR#999999999999.000$")),
    ],
)
def test_price_bounds_are_a_range_of_the_price_index(bounds, key_range):
    wanted = read(**bounds)

    # The range is the currency's own, so there is nothing to leave out.
    assert (wanted.sort_by, wanted.key_range, wanted.currency) == ("price", key_range, None)


@pytest.mark.parametrize("name", ["minPrice", "maxPrice"])
@pytest.mark.parametrize(
    "value",
    ["", "x", "-1", "+1", "1.", ".5", "1.9999", "1e2", "1000000000000", "NaN", "Infinity", " 1", "1,5", "１", "1_0"],
)
def test_bound_that_is_no_price_is_refused(name, value):
    assert refused({name: [value]}) == {name: "must be a number from 0 to 999999999999 with at most three decimals"}


@pytest.mark.parametrize(("lowest", "highest"), [("10.01", "10"), ("9", "8.99"), ("100", "20")])
def test_bounds_the_wrong_way_round_are_refused(lowest, highest):
    assert refused({"minPrice": [lowest], "maxPrice": [highest]}) == {"minPrice": "must not be above maxPrice"}


# Names


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("WordPress", "wordpress"),
        ("  Word ", "word"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Cafe\u0301", "café"),
        ("ХОСТИНГ", "хостинг"),
        ("日", "日"),
        ("x" * 100, "x" * 100),
    ],
)
def test_name_is_a_range_of_the_name_index(name, prefix):
    wanted = read(name=name)

    assert wanted.sort_by == "name"
    lowest, highest = wanted.key_range
    assert lowest == prefix
    assert lowest <= f"{prefix}\t0" <= f"{prefix} plus" <= f"{prefix}\U0010fffd" <= highest


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 101, "a\x00", "a\nb", "a\tb", "\ud83d", chr(0xFFFD), "a\uffff", "a\U0010ffff"]
)
def test_name_that_begins_no_name_is_refused(name):
    assert "first 1 to 100 characters of a name" in refused({"name": [name]})["name"]


# Combinations


@pytest.mark.parametrize("billing_cycle", ["monthly", "yearly", "one-time"])
@pytest.mark.parametrize(
    "more",
    [{}, {"name": "x"}, {"minPrice": "1", "maxPrice": "2"}, {"sortBy": "name"}, {"active": "false", "order": "desc"}],
    ids=str,
)
def test_billing_cycle_goes_with_every_order_and_search(billing_cycle, more):
    assert read(**more, billingCycle=billing_cycle) == replace(read(**more), billing_cycle=billing_cycle)


@pytest.mark.parametrize("more", [{}, {"name": "x"}, {"sortBy": "name"}, {"active": "false", "billingCycle": "yearly"}])
def test_currency_leaves_others_out_of_every_order_but_that_of_prices(more):
    assert read(**more, currency="USD") == replace(read(**more), currency="USD")


@pytest.mark.parametrize("more", [{"minPrice": ["1"]}, {"maxPrice": ["1"]}, {"minPrice": ["1"], "maxPrice": ["2"]}])
def test_name_and_price_cannot_be_searched_at_once(more):
    assert refused({"name": ["x"], **more}) == {"name": "cannot be combined with minPrice or maxPrice"}


@pytest.mark.parametrize("sort_by", ["price", "createdAt"])
def test_search_by_name_sorts_by_name_only(sort_by):
    assert list(refused({"name": ["x"], "sortBy": [sort_by]})) == ["sortBy"]


@pytest.mark.parametrize("sort_by", ["name", "createdAt"])
@pytest.mark.parametrize("bound", ["minPrice", "maxPrice"])
def test_search_by_price_sorts_by_price_only(sort_by, bound):
    assert list(refused({bound: ["1"], "sortBy": [sort_by]})) == ["sortBy"]


@pytest.mark.parametrize("name", ["search", "Limit", "nextCursor", "", "category", "sort_by", "billingcycle"])
def test_unknown_parameter_is_refused_with_those_that_are_known(name):
    message = refused({name: ["x"]})[name]

    known = ("limit", "cursor", "sortBy", "order", "name", "minPrice", "maxPrice", "active", "billingCycle", "currency")
    assert all(parameter in message for parameter in known)


@pytest.mark.parametrize("name", ["limit", "cursor", "order", "active", "name", "billingCycle"])
def test_parameter_given_twice_is_refused(name):
    value = {"limit": "1", "order": "asc", "active": "true", "billingCycle": "yearly"}.get(name, "x")

    assert refused({name: [value, value]}) == {name: "must be given once"}


def test_every_wrong_parameter_is_named_at_once():
    assert set(refused({"limit": ["0"], "order": ["up"], "active": ["no"], "colour": ["red"]})) == {
        "limit",
        "order",
        "active",
        "colour",
    }
