"""GET /v1.0/products, as a caller sees it."""

from __future__ import annotations

import itertools
import os
import random
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

import cursor
import handler as function
from common.attribute_values import to_item
from common.head import Head
from common.product import LISTED_ATTRIBUTES, public
from common.product_table import head_key
from handler import handler
from listing import Listing

ENDPOINT = "https://dynamodb.example"


@pytest.fixture
def names(call):
    """Return a function that gives the names of a single page."""

    def of_page(**query):
        answer = call(handler, query={"limit": "100", **query})
        assert answer.status == 200, answer.text
        assert answer.body["count"] == len(answer.body["products"])
        return [product["name"] for product in answer.body["products"]]

    return of_page


@pytest.fixture
def pages(call):
    """Return a function that follows the cursors of a listing and gives its pages."""

    def follow(**query):
        found = []
        following = {}
        while following is not None:
            answer = call(handler, query={**query, **following})
            assert answer.status == 200, answer.text
            assert answer.body["count"] == len(answer.body["products"])
            found.append(answer.body["products"])
            following = {"cursor": answer.body["nextCursor"]} if answer.body["nextCursor"] else None
        return found

    return follow


def refusal(answer):
    """Return status, code and fields at fault of a refusal."""
    return answer.status, answer.body["error"], [detail["field"] for detail in answer.body.get("details", [])]


# What is shown


def test_listing_of_nothing_is_empty(call, table):
    answer = call(handler)

    assert answer.status == 200
    assert answer.body == {"products": [], "count": 0, "nextCursor": None}


def test_products_are_shown_with_every_attribute_and_nothing_else(call, stored_product):
    product = stored_product(name="WordPress Größe 日本", price="299.90", features=["Free SSL certificate"], version=7)

    answer = call(handler)

    assert answer.body == {"products": [public(product, LISTED_ATTRIBUTES)], "count": 1, "nextCursor": None}
    assert '"price": 299.9,' in answer.text


def test_product_whose_creation_was_rejected_is_not_listed(call, table):
    product_id = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
    rejected = Head(sequence=1, last_hash="0" * 64, create_change_id="c-1").attributes(product_id)
    table.client.put_item(TableName=table.name, Item=to_item({**head_key(product_id), **rejected}))

    assert call(handler).body["products"] == []


def test_page_has_20_products_unless_a_limit_is_given(call, stored_product):
    for _ in range(25):
        stored_product()

    assert call(handler).body["count"] == 20
    assert call(handler, query={"limit": "3"}).body["count"] == 3
    assert call(handler, query={"limit": "100"}).body["count"] == 25


def test_last_page_has_no_cursor(call, stored_product):
    for _ in range(3):
        stored_product()

    first = call(handler, query={"limit": "2"}).body
    last = call(handler, query={"limit": "2", "cursor": first["nextCursor"]}).body

    assert (first["count"], last["count"], last["nextCursor"]) == (2, 1, None)


# Order


def test_products_come_by_creation_unless_asked_otherwise(names, stored_product):
    for name, created in (("Second", "2026-11-22T08:00:00.000002Z"), ("First", "2026-11-22T08:00:00.000001Z")):
        stored_product(name=name, dateCreated=created)
    stored_product(name="Third", dateCreated="2027-01-01T00:00:00.000000Z")

    assert names() == names(sortBy="createdAt") == names(order="asc") == ["First", "Second", "Third"]
    assert names(order="desc") == ["Third", "Second", "First"]


def test_prices_sort_as_numbers(names, stored_product):
    for price in ("100.00", "9.99", "0.01", "999999.99", "20.00", "10000.50"):
        stored_product(name=f"For {price}", price=price)

    ascending = [f"For {price}" for price in ("0.01", "9.99", "20.00", "100.00", "10000.50", "999999.99")]
    assert names(sortBy="price") == ascending
    assert names(sortBy="price", order="desc") == ascending[::-1]


def test_names_sort_without_case_and_before_the_longer_ones_they_begin(names, stored_product):
    for name in ("pro plus", "Zebra", "PRO", "apple", "Pro!", "Proper", "ähnlich", "日本"):
        stored_product(name=name)

    ascending = ["apple", "PRO", "pro plus", "Pro!", "Proper", "Zebra", "ähnlich", "日本"]
    assert names(sortBy="name") == ascending
    assert names(sortBy="name", order="desc") == ascending[::-1]


def test_every_order_shows_each_of_a_few_hundred_products_once(pages, stored_product):
    numbers = list(range(205))
    random.Random(7).shuffle(numbers)
    products = [
        stored_product(
            # Ties in every order but that of names, which no two active products share.
            name=f"{'Plan' if number % 2 else 'PLAN'} {number}",
            price=f"{number % 23 + 1}.50",
            dateCreated=f"2026-11-22T08:00:00.{number // 10:06d}Z",
            features=[],
        )
        for number in numbers
    ]
    stored_product(name="Withdrawn", active=False)
    keys = {
        "createdAt": lambda product: product["dateCreated"],
        "price": lambda product: float(product["price"]),
        "name": lambda product: product["name"].lower(),
    }

    for sort_by, key in keys.items():
        ordered = sorted(products, key=lambda product, key=key: (key(product), product["productId"]))
        expected = [product["productId"] for product in ordered]
        for order in ("asc", "desc"):
            found = pages(sortBy=sort_by, order=order, limit="100")

            assert [len(page) for page in found] == [100, 100, 5]
            shown = [product["productId"] for page in found for product in page]
            assert shown == (expected if order == "asc" else expected[::-1]), (sort_by, order)


def test_ties_are_shown_once_each_whatever_the_pages_size(pages, stored_product):
    tied = {stored_product(price="10.00", dateCreated="2026-11-22T08:00:00.000000Z")["productId"] for _ in range(7)}

    for sort_by, order, limit in itertools.product(("price", "createdAt"), ("asc", "desc"), "1235"):
        shown = [product["productId"] for page in pages(sortBy=sort_by, order=order, limit=limit) for product in page]
        assert len(shown) == 7
        assert set(shown) == tied


def test_withdrawn_products_of_one_name_are_all_listed(pages, stored_product):
    withdrawn = {stored_product(name="Same name", active=False)["productId"] for _ in range(5)}

    found = pages(active="false", sortBy="name", limit="2")

    assert sorted(product["productId"] for page in found for product in page) == sorted(withdrawn)


def test_page_of_very_large_products_is_shorter_and_has_a_next_one(pages, stored_product):
    # 60 such products are more than the megabyte that DynamoDB reads at once.
    large = {"description": "🚀" * 500, "features": ["🚀" * 200] * 20}
    stored = [stored_product(**large)["productId"] for _ in range(60)]

    found = pages(limit="100")

    assert [product["productId"] for page in found for product in page] == stored
    assert len(found) > 1


# Search by price


@pytest.fixture
def priced(stored_product):
    for price in ("9.99", "10.00", "10.01", "19.99", "20.00", "20.01", "999999.99", "0.01"):
        stored_product(name=f"For {price}", price=price)


@pytest.mark.parametrize(
    ("bounds", "prices"),
    [
        ({"minPrice": "10", "maxPrice": "20"}, ["10.00", "10.01", "19.99", "20.00"]),
        ({"minPrice": "10.01", "maxPrice": "19.99"}, ["10.01", "19.99"]),
        ({"minPrice": "10.0", "maxPrice": "10.00"}, ["10.00"]),
        ({"minPrice": "20.01"}, ["20.01", "999999.99"]),
        ({"maxPrice": "9.99"}, ["0.01", "9.99"]),
        ({"minPrice": "999999.99"}, ["999999.99"]),
        ({"maxPrice": "0.01"}, ["0.01"]),
        ({"maxPrice": "0"}, []),
        ({"minPrice": "10.02", "maxPrice": "19.98"}, []),
    ],
)
def test_price_bounds_are_included(names, priced, bounds, prices):
    assert names(**bounds) == [f"For {price}" for price in prices]
    assert names(**bounds, order="desc") == [f"For {price}" for price in prices[::-1]]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_search_by_price_is_paged_too(pages, stored_product, order):
    for number in range(40):
        stored_product(price=f"{number // 4}.50")

    shown = [product for page in pages(minPrice="3", maxPrice="6.5", order=order, limit="3") for product in page]

    assert len({product["productId"] for product in shown}) == len(shown) == 16
    assert [product["price"] for product in shown] == sorted(
        (product["price"] for product in shown), reverse=order == "desc"
    )


# Currencies


@pytest.fixture
def of_two_currencies(stored_product):
    for price, currency in [("99.00", "ZAR"), ("99.00", "USD"), ("100.00", "ZAR"), ("12.345", "KWD"), ("2.00", "USD")]:
        stored_product(name=f"{price} {currency}", price=price, currency=currency)


def test_prices_of_two_currencies_are_never_in_one_order(names, of_two_currencies):
    assert names(sortBy="price") == names(minPrice="0") == ["99.00 ZAR", "100.00 ZAR"]
    assert names(sortBy="price", currency="USD") == ["2.00 USD", "99.00 USD"]
    assert names(sortBy="price", currency="USD", order="desc") == ["99.00 USD", "2.00 USD"]
    assert names(maxPrice="99", currency="ZAR") == ["99.00 ZAR"]
    assert names(minPrice="12.345", maxPrice="12.345", currency="KWD") == ["12.345 KWD"]
    assert names(sortBy="price", currency="EUR") == []


def test_other_orders_have_every_currency_but_where_one_is_asked_for(names, of_two_currencies):
    assert len(names()) == 5
    assert names(currency="USD") == ["99.00 USD", "2.00 USD"]
    assert names(name="9", currency="USD") == ["99.00 USD"]
    assert names(sortBy="name", currency="ZAR") == ["100.00 ZAR", "99.00 ZAR"]
    assert names(currency="USD", billingCycle="yearly") == []


# Search by name

NAMES = [
    "WordPress Pro",
    "wordpress basic",
    "WORDPRESSED",
    "Word",
    "My WordPress",
    "Café Hosting",
    "Cafe Hosting",
    "Straße",
    "Пакет Старт",
    "ОДИН пакет",
    "ΟΔΟΣ",
    "日本ホスト",
    "日本語",
    "100% uptime",
    "İstanbul",
]


FOUND_BY_PREFIX = {
    "WordPress": ["wordpress basic", "WordPress Pro", "WORDPRESSED"],
    "wordpress": ["wordpress basic", "WordPress Pro", "WORDPRESSED"],
    "WORDPRESS P": ["WordPress Pro"],
    "word": ["Word", "wordpress basic", "WordPress Pro", "WORDPRESSED"],
    "  word  ": ["Word", "wordpress basic", "WordPress Pro", "WORDPRESSED"],
    "WordPress Pro": ["WordPress Pro"],
    "WordPress Pro Max": [],
    "ordPress": [],
    "Caf": ["Cafe Hosting", "Café Hosting"],
    "Café": ["Café Hosting"],
    "CAFE\u0301": ["Café Hosting"],
    "cafe": ["Cafe Hosting"],
    "stras": ["Straße"],
    "STRASSE": ["Straße"],
    "straß": ["Straße"],
    "пакет": ["Пакет Старт"],
    "один": ["ОДИН пакет"],
    "οδος": ["ΟΔΟΣ"],
    "日本": ["日本ホスト", "日本語"],
    "日本語": ["日本語"],
    "本": [],
    "1": ["100% uptime"],
    "100%": ["100% uptime"],
    "%": [],
    "*": [],
    "İ": ["İstanbul"],
    "zzz": [],
}


def test_search_finds_names_by_their_beginning_whatever_their_case_and_composition(names, stored_product):
    for name in NAMES:
        stored_product(name=name)

    assert {prefix: names(name=prefix) for prefix in FOUND_BY_PREFIX} == FOUND_BY_PREFIX
    assert names(name="word", sortBy="name", order="desc") == FOUND_BY_PREFIX["word"][::-1]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_search_by_name_is_paged_too(pages, stored_product, order):
    expected = [stored_product(name=f"Größe {number:02d}")["name"] for number in range(20)]
    for number in range(20):
        stored_product(name=f"Grosse {number:02d}")

    shown = [product["name"] for page in pages(name="GRÖẞE", order=order, limit="3") for product in page]

    assert shown == (expected if order == "asc" else expected[::-1])


# Search by billing cycle


@pytest.fixture
def shelf(stored_product):
    """Nine products of three billing cycles, in one order by name, price and creation."""
    return [
        stored_product(
            name=f"{word} {number}",
            price=f"{number}.00",
            billingCycle=("monthly", "yearly", "one-time")[number % 3],
            dateCreated=f"2026-11-22T08:00:00.00000{number}Z",
        )
        for number, word in enumerate(["Plan"] * 6 + ["Shop"] * 3, start=1)
    ]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 4, 7]),
        ({"order": "desc"}, [7, 4, 1]),
        ({"sortBy": "price"}, [1, 4, 7]),
        ({"sortBy": "name", "order": "desc"}, [7, 4, 1]),
        ({"name": "plan"}, [1, 4]),
        ({"name": "SHOP", "order": "desc"}, [7]),
        ({"minPrice": "2"}, [4, 7]),
        ({"minPrice": "2", "maxPrice": "4", "order": "desc"}, [4]),
        ({"minPrice": "2", "maxPrice": "3"}, []),
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", ["1", "2", "4", "100"])
def test_billing_cycle_is_a_filter_in_every_order_and_search(pages, shelf, query, numbers, limit):
    found = pages(**query, billingCycle="yearly", limit=limit)

    shown = [product for page in found for product in page]
    assert shown == [public(shelf[number - 1], LISTED_ATTRIBUTES) for number in numbers]
    assert [product["price"] for product in shown] == numbers
    assert all(len(page) <= int(limit) for page in found)


@pytest.mark.parametrize("billing_cycle", ["monthly", "yearly", "one-time"])
def test_every_product_has_its_billing_cycle(pages, shelf, billing_cycle):
    shown = [product for page in pages(billingCycle=billing_cycle, limit="2") for product in page]

    assert [product["name"] for product in shown] == [
        product["name"] for product in shelf if product["billingCycle"] == billing_cycle
    ]
    assert len(shown) == 3


def test_page_may_hold_fewer_products_than_its_limit_or_none_though_others_follow(pages, shelf):
    # The pages read the products 1 to 3, 4 to 6, and 7 to 9.
    assert [len(page) for page in pages(billingCycle="yearly", limit="3")][:3] == [1, 1, 1]
    # From 9 downwards, of which 8, 5 and 2 are shown.
    found = pages(billingCycle="one-time", order="desc", limit="1")
    assert [len(page) for page in found][:9] == [0, 1, 0, 0, 1, 0, 0, 1, 0]


def test_withdrawn_products_are_filtered_too(names, stored_product):
    stored_product(name="Old plan", billingCycle="yearly", active=False)
    stored_product(name="Old offer", billingCycle="monthly", active=False)
    stored_product(name="Plan", billingCycle="yearly")

    assert names(active="false", billingCycle="yearly") == ["Old plan"]


def test_product_that_gets_another_billing_cycle_is_found_by_that(names, stored_product):
    product = stored_product(name="Plan", billingCycle="yearly")
    stored_product(**{**product, "billingCycle": "monthly", "version": 2})

    assert names(billingCycle="yearly") == []
    assert names(billingCycle="monthly") == ["Plan"]


# Withdrawn products


def test_withdrawn_products_are_shown_to_writers_who_ask(names, stored_product):
    stored_product(name="Active")
    stored_product(name="Withdrawn", active=False)

    assert names() == names(active="true") == ["Active"]
    assert names(active="false") == ["Withdrawn"]


def test_withdrawn_products_are_searched_and_sorted_too(names, stored_product):
    stored_product(name="Old plan", price="20.00", active=False)
    stored_product(name="Older plan", price="10.00", active=False)
    stored_product(name="Old active plan", price="15.00")

    assert names(active="false", name="old") == ["Old plan", "Older plan"]
    assert names(active="false", maxPrice="15") == ["Older plan"]
    assert names(active="false", sortBy="price") == ["Older plan", "Old plan"]


def test_readers_may_not_see_withdrawn_products(call, table, reader_key):
    answer = call(handler, query={"active": "false"}, key=reader_key)

    assert refusal(answer) == (403, "Forbidden", [])
    assert "active=false" in answer.body["message"]


def test_readers_may_list(call, stored_product, reader_key):
    stored_product()

    assert call(handler, key=reader_key).body["count"] == 1
    assert call(handler, key=reader_key, query={"active": "true"}).body["count"] == 1


@pytest.mark.parametrize("query", [{}, {"limit": "1"}, {"limit": "0"}, {"active": "false"}])
@pytest.mark.parametrize("condition", [None, "*", '"other"', "malformed"])
def test_head_is_answered_as_get(call, stored_product, reader_key, query, condition):
    stored_product()
    stored_product()

    head, get = (
        call(handler, method, key=reader_key, query=query, headers={"If-None-Match": condition})
        for method in ("HEAD", "GET")
    )

    assert head == get


# Conditional requests


@pytest.fixture
def tag(call):
    """Return a function that gives the tag of a page."""

    def of_page(**query):
        answer = call(handler, query=query)
        assert answer.status == 200, answer.text
        return answer.headers["ETag"]

    return of_page


def test_page_is_tagged_and_not_sent_again_to_who_has_it(call, stored_product):
    stored_product()
    tag = call(handler).headers["ETag"]

    for condition in (tag, tag.removeprefix("W/"), f'"other", {tag}', ['W/"other"', tag], "*"):
        answer = call(handler, headers={"If-None-Match": condition, "Origin": "https://shop.example"})

        assert (answer.status, answer.text) == (304, "")
        assert answer.headers["ETag"] == tag
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Content-Type" not in answer.headers
        # What the whole answer would have said of caching (RFC 9110, section 15.4.5).
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Vary"] == "Accept-Encoding, Origin"


def test_page_stays_tagged_the_same_as_long_as_it_says_the_same(tag, stored_product, reader_key, writer_key, call):
    for number in range(3):
        stored_product(price=f"{number + 1}.00", dateCreated=f"2026-11-22T08:00:0{number}.000000Z")

    assert tag(limit="2") == tag(limit="2") == tag(limit="2", order="asc")
    assert len({call(handler, key=key).headers["ETag"] for key in (reader_key, writer_key)}) == 1
    before = tag(limit="2")
    stored_product(dateCreated="2027-01-01T00:00:00.000000Z")
    # Not on this page.
    assert tag(limit="2") == before


def test_empty_page_is_tagged_too(call, table):
    tag = call(handler).headers["ETag"]

    assert call(handler, headers={"If-None-Match": tag}).status == 304


def test_page_with_a_change_is_sent_whatever_changed(call, stored_product):
    product = stored_product(dateCreated="2026-11-22T08:00:00.000000Z")
    changes = [
        lambda: stored_product(**{**product, "price": "7.00"}),
        lambda: stored_product(**{**product, "price": "7.00", "version": product["version"] + 1}),
        lambda: stored_product(dateCreated="2026-11-22T09:00:00.000000Z"),
        # A third: there is a next page.
        lambda: stored_product(dateCreated="2026-11-22T10:00:00.000000Z"),
        lambda: stored_product(**{**product, "active": False}),
    ]
    tags = [call(handler, query={"limit": "2"}).headers["ETag"]]

    for change in changes:
        change()
        answer = call(handler, query={"limit": "2"}, headers={"If-None-Match": ", ".join(tags)})
        assert answer.status == 200
        tags.append(answer.headers["ETag"])

    assert len(set(tags)) == len(tags)


def test_page_that_another_one_follows_now_is_sent_though_its_products_are_the_same(call, stored_product):
    for number in range(2):
        stored_product(dateCreated=f"2026-11-22T08:00:0{number}.000000Z")
    last = call(handler, query={"limit": "2"})
    stored_product(dateCreated="2026-11-22T08:00:02.000000Z")

    answer = call(handler, query={"limit": "2"}, headers={"If-None-Match": last.headers["ETag"]})

    assert answer.status == 200
    assert answer.body["products"] == last.body["products"]
    assert (last.body["nextCursor"] is None, answer.body["nextCursor"] is None) == (True, False)


@pytest.mark.parametrize("condition", ["", "7", '"7', "'7'", 'w/"7"', '"6" "7"', '*, "7"', "null", ","])
def test_malformed_condition_is_refused_with_what_is_allowed(call, stored_product, condition):
    answer = call(handler, headers={"If-None-Match": condition})

    assert refusal(answer) == (400, "ValidationError", ["If-None-Match"])
    assert "in double quotes" in answer.body["details"][0]["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_page_is_read_if_it_is_what_the_caller_wants_which_a_weak_tag_never_says(call, table, method):
    tag = call(handler).headers["ETag"]

    assert call(handler, method, headers={"If-Match": "*"}).status == 200
    for condition in ('"3"', tag, tag.removeprefix("W/")):
        answer = call(handler, method, headers={"If-Match": condition})
        assert refusal(answer) == (412, "VersionMismatch", ["If-Match"])
        assert answer.headers["Cache-Control"] == "no-store"


def test_malformed_condition_is_refused_before_what_a_reader_may_not(call, table, reader_key):
    """As a wrong parameter is."""
    answer = call(handler, key=reader_key, query={"active": "false"}, headers={"If-None-Match": "malformed"})

    assert refusal(answer) == (400, "ValidationError", ["If-None-Match"])


@pytest.mark.parametrize(
    ("query", "key", "status"),
    [
        ({"active": "false"}, "reader", 403),
        ({}, "nobody", 403),
        ({"limit": "0"}, "reader", 400),
        ({"cursor": "made-up"}, "reader", 400),
    ],
)
def test_what_is_refused_is_refused_whatever_the_caller_has(call, stored_product, reader_key, query, key, status):
    answer = call(handler, query=query, key=reader_key if key == "reader" else "wrong", headers={"If-None-Match": "*"})

    assert answer.status == status
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("key", [None, "", "a-wrong-key"])
def test_key_of_no_client_is_forbidden(call, table, key):
    assert refusal(call(handler, key=key)) == (403, "Forbidden", [])


# Bad input


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        ({"limit": "0"}, "limit", "a whole number from 1 to 100"),
        ({"limit": "101"}, "limit", "a whole number from 1 to 100"),
        ({"limit": "-1"}, "limit", "a whole number from 1 to 100"),
        ({"limit": "x"}, "limit", "a whole number from 1 to 100"),
        ({"limit": ["1", "2"]}, "limit", "must be given once"),
        ({"sortBy": "colour"}, "sortBy", "createdAt, price or name"),
        ({"order": "up"}, "order", "asc or desc"),
        ({"active": "maybe"}, "active", "true or false"),
        ({"billingCycle": "weekly"}, "billingCycle", "must be one of monthly, yearly, one-time"),
        ({"billingCycle": ""}, "billingCycle", "must be one of monthly, yearly, one-time"),
        ({"billingCycle": ["yearly", "monthly"]}, "billingCycle", "must be given once"),
        ({"currency": "usd"}, "currency", "ISO 4217"),
        ({"currency": "XAU", "minPrice": "1"}, "currency", "ISO 4217"),
        ({"name": ""}, "name", "first 1 to 100 characters"),
        ({"minPrice": "-1"}, "minPrice", "from 0 to 999999999999"),
        ({"maxPrice": "NaN"}, "maxPrice", "from 0 to 999999999999"),
        ({"minPrice": "2", "maxPrice": "1"}, "minPrice", "must not be above maxPrice"),
        ({"name": "x", "minPrice": "1"}, "name", "cannot be combined"),
        ({"name": "x", "sortBy": "price"}, "sortBy", "must be name"),
        ({"maxPrice": "1", "sortBy": "name"}, "sortBy", "must be price"),
        ({"colour": "red"}, "colour", "is not a parameter"),
    ],
)
def test_wrong_parameter_is_refused_by_its_name_with_what_is_allowed(call, stored_product, query, field, allowed):
    stored_product()

    answer = call(handler, query=query)

    assert refusal(answer) == (400, "ValidationError", [field])
    assert allowed in answer.body["details"][0]["message"]
    assert f"{field} {answer.body['details'][0]['message']}" == answer.body["message"]


@pytest.fixture
def next_cursor(call, stored_product):
    for number in range(5):
        stored_product(name=f"Plan {number}", price="10.00")
    return call(handler, query={"minPrice": "5", "limit": "2"}).body["nextCursor"]


def test_answer_to_much_nonsense_is_short(call, table):
    answer = call(handler, query={f"{'🚀' * 50}{number}": "1" for number in range(666)})

    assert (answer.status, len(answer.body["details"])) == (400, 20)
    assert answer.body["message"].endswith("; and 646 more like these")
    assert len(answer.text.encode()) < 20_000


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"minPrice": "5.01"},
        {"minPrice": "5", "maxPrice": "100"},
        {"minPrice": "5", "order": "desc"},
        {"minPrice": "5", "active": "false"},
        {"minPrice": "5", "billingCycle": "monthly"},
        {"minPrice": "5", "currency": "USD"},
        {"sortBy": "price"},
        {"sortBy": "name"},
        {"name": "plan"},
    ],
)
def test_cursor_from_another_query_is_refused(call, next_cursor, query):
    answer = call(handler, query={**query, "cursor": next_cursor})

    assert refusal(answer) == (400, "InvalidCursor", ["cursor"])
    assert "nextCursor of the same query" in answer.body["message"]


@pytest.mark.parametrize("spoil", [lambda made: made[:-1], lambda made: made[:10], lambda made: made + "A", str.lower])
def test_cursor_cut_or_altered_is_refused(call, next_cursor, spoil):
    answer = call(handler, query={"minPrice": "5", "cursor": spoil(next_cursor)})

    assert refusal(answer) == (400, "InvalidCursor", ["cursor"])


@pytest.mark.parametrize("made_up", ["", "x", "null", "eyJhIjoxfQ==", "日本", "../../etc/passwd"])
def test_made_up_cursor_is_refused(call, table, made_up):
    assert refusal(call(handler, query={"cursor": made_up})) == (400, "InvalidCursor", ["cursor"])


def test_forged_cursor_from_beyond_the_search_is_refused(call, stored_product):
    product = stored_product(price="1.00")
    forged = cursor.encode(
        Listing(sort_by="price", key_range=("ZAR#000000000005.000#", "ZAR#999999999999.000$")),
        f"ZAR#000000000001.000#{product['productId']}",
    )

    assert refusal(call(handler, query={"minPrice": "5", "cursor": forged})) == (400, "InvalidCursor", ["cursor"])


def test_next_page_may_have_another_size(call, next_cursor):
    assert call(handler, query={"minPrice": "5", "limit": "100", "cursor": next_cursor}).body["count"] == 3


def test_product_that_left_the_listing_does_not_break_its_cursor(call, table, stored_product):
    products = [stored_product() for _ in range(4)]
    first = call(handler, query={"limit": "2"}).body
    last_shown = {key: value for key, value in products[1].items() if key != "active"}
    stored_product(**last_shown, active=False)

    following = call(handler, query={"limit": "2", "cursor": first["nextCursor"]}).body

    assert [product["productId"] for product in following["products"]] == [
        product["productId"] for product in products[2:]
    ]


# Failures


def test_failure_of_dynamodb_is_none_to_hide_behind_a_304(call, table, aws_fails):
    aws_fails(function.DYNAMODB, "Query", status=503, code="ServiceUnavailable")

    assert call(handler, headers={"If-None-Match": "*"}).status == 503


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500, "code": "InternalServerError"},
        {"status": 503, "code": "ServiceUnavailable"},
        {"status": 400, "code": "ThrottlingException"},
        {"status": 400, "code": "ProvisionedThroughputExceededException"},
        {"status": 400, "code": "RequestLimitExceeded"},
        {"error": ReadTimeoutError(endpoint_url=ENDPOINT)},
        {"error": ConnectTimeoutError(endpoint_url=ENDPOINT)},
        {"error": EndpointConnectionError(endpoint_url=ENDPOINT)},
    ],
    ids=lambda failure: failure.get("code") or type(failure["error"]).__name__,
)
def test_failure_of_dynamodb_is_a_503_that_says_when_to_try_again(call, table, aws_fails, failure):
    aws_fails(function.DYNAMODB, "Query", **failure)

    answer = call(handler)

    assert refusal(answer) == (503, "ServiceUnavailable", [])
    assert int(answer.headers["Retry-After"]) >= 1


def test_single_failure_of_dynamodb_is_not_noticed(call, table, aws_fails):
    aws_fails(function.DYNAMODB, "Query", status=500, code="InternalServerError", times=1)

    assert call(handler).status == 200


def test_refusal_by_dynamodb_is_a_500_that_gives_nothing_away(call, table, aws_fails):
    aws_fails(function.DYNAMODB, "Query", status=400, code="AccessDeniedException")

    answer = call(handler)

    assert refusal(answer) == (500, "InternalError", [])
    assert set(answer.body) == {"error", "message", "requestId"}


def test_missing_table_is_a_500_that_does_not_name_it(call):
    answer = call(handler)

    assert refusal(answer) == (500, "InternalError", [])
    assert os.environ["TABLE_NAME"] not in answer.text


# What a listing costs


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sortBy": "price", "order": "desc"},
        {"name": "plan"},
        {"minPrice": "1"},
        {"active": "false"},
        {"billingCycle": "yearly"},
    ],
)
def test_listing_is_one_query_however_many_products_there_are(call, stored_product, query):
    for number in range(30):
        stored_product(name=f"Plan {number}")
    sent = []

    def remember(event_name, **_):
        sent.append(event_name)

    function.DYNAMODB.meta.events.register("before-call.dynamodb", remember)
    try:
        call(handler, query={"limit": "2", **query})
    finally:
        function.DYNAMODB.meta.events.unregister("before-call.dynamodb", remember)

    assert sent == ["before-call.dynamodb.Query"]


# Logs and start


def test_log_holds_the_request_id_and_neither_key_nor_customer_text(call, stored_product, logged, writer_key):
    stored_product(name="Secret plan")

    call(handler, query={"name": "Secret"}, request_id="r-1")
    call(handler, query={"Secret": "Secret"}, request_id="r-2")
    call(handler, query={"cursor": "Secret"}, key="Secret")

    assert [(entry["level"], entry["status"]) for entry in logged()] == [("INFO", 200), ("INFO", 400), ("INFO", 403)]
    assert [entry["request_id"] for entry in logged()[:2]] == ["r-1", "r-2"]
    assert "ecret" not in repr(logged())
    assert writer_key not in repr(logged())


def test_nothing_but_its_own_settings_is_needed(monkeypatch, call, table):
    for setting in ("CHANGE_QUEUE_URL", "AUDIT_QUEUE_URL", "DLQ_URL", "AUDIT_BUCKET"):
        monkeypatch.delenv(setting)

    started = runpy.run_path(function.__file__)["handler"]

    assert call(started).status == 200


def test_start_is_light():
    """boto3 and pydantic each cost more than a tenth of a second at a cold start."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, handler; print(*sorted({'boto3', 'pydantic'} & set(sys.modules)))"],
        cwd=Path(function.__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    )

    assert loaded.stdout.strip() == ""
