"""Listings: their order, pages and cursors, searches and what they refuse."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

import pytest
from product_api import assert_refused, eventually, ids_of, json_of, products_of

if TYPE_CHECKING:
    from product_api import Json, Product, ProductApi, Products

Query: TypeAlias = dict[str, object]

# In the order of names: by their characters, without case.
WORDS = ["alpha", "Beta", "beta max", "gamma", "Zulu", "ÉCLAIR", "éclair au chocolat"]
# Above any other's price, by name; two are the same.
CENTS = [150, 0, 2000, 1, 150, 30000, 9999]
CYCLES = ["monthly", "yearly", "yearly", "one-time", "yearly", "monthly", "monthly"]


@dataclass(frozen=True)
class Shelf:
    """Products that are there for all tests of this module.

    Attributes
    ----------
    by_name
        In the order of names.
    prefix
        Begins the names of these products and of no others.
    lowest, highest
        The range in which these products' prices are, and no others'.
    """

    by_name: list[Product]
    prefix: str
    lowest: Decimal
    highest: Decimal

    @property
    def by_price(self) -> list[Product]:
        return sorted(self.by_name, key=lambda product: (Decimal(str(product["price"])), str(product["productId"])))

    @property
    def by_creation(self) -> list[Product]:
        return sorted(self.by_name, key=lambda product: (str(product["dateCreated"]), str(product["productId"])))


@pytest.fixture(scope="module")
def shelf(writer: ProductApi, products: Products) -> Shelf:
    prefix = f"{products.prefix} shelf"
    lowest = Decimal(random.randrange(500_000, 900_000))
    made = [
        products.make(
            name=f"{prefix} {word}",
            price=float(lowest + Decimal(cents) / 100),
            billingCycle=cycle,
            features=["On the shelf"],
        )
        for word, cents, cycle in zip(WORDS, CENTS, CYCLES, strict=True)
    ]
    shelf = Shelf(made, prefix, lowest, lowest + 300)
    by_name: Query = {"name": prefix}
    by_price: Query = {"minPrice": lowest, "maxPrice": shelf.highest}
    newest: Query = {"order": "desc", "limit": 100}

    def all_listed(query: Query) -> bool:
        return set(ids_of(made)) <= set(ids_of(products_of(writer.list(**query))))

    # The indexes follow the table: all of them must have caught up.
    for query in (by_name, by_price, newest):
        eventually(functools.partial(all_listed, query), f"all are listed by {query}")
    return shelf


def walk(api: ProductApi, **query: object) -> list[Json]:
    """Return all pages of a listing."""
    pages = [json_of(api.list(**query))]
    while pages[-1]["nextCursor"] is not None:
        assert len(pages) < 100, "a listing of a few products does not end"
        pages.append(json_of(api.list(**query, cursor=pages[-1]["nextCursor"])))
    return pages


def products_on(pages: list[Json]) -> list[Product]:
    return [product for page in pages for product in page["products"]]  # type: ignore[attr-defined]


def test_listed_product_has_all_that_a_product_has(writer: ProductApi, shelf: Shelf) -> None:
    assert products_of(writer.list(name=shelf.prefix)) == shelf.by_name


def test_page_says_how_many_products_it_holds(writer: ProductApi, shelf: Shelf) -> None:
    page = json_of(writer.list(name=shelf.prefix))
    assert page.keys() == {"products", "count", "nextCursor"}
    assert page["count"] == len(WORDS)
    assert page["nextCursor"] is None


def test_listing_of_nothing_is_an_empty_page(writer: ProductApi, products: Products) -> None:
    page = json_of(writer.list(name=f"{products.prefix} there is no such name"))
    assert page == {"products": [], "count": 0, "nextCursor": None}


def test_listing_begins_with_the_oldest_twenty(writer: ProductApi, shelf: Shelf) -> None:
    page = products_of(writer.list())
    assert len(page) <= 20
    assert page == products_of(writer.list(sortBy="createdAt", order="asc", limit=20))
    dates = [str(product["dateCreated"]) for product in page]
    assert dates == sorted(dates)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_by_name_hold_each_product_once_in_order(
    writer: ProductApi, shelf: Shelf, order: str, limit: int
) -> None:
    pages = walk(writer, name=shelf.prefix, order=order, limit=limit)
    assert products_on(pages) == (shelf.by_name if order == "asc" else shelf.by_name[::-1])
    assert all(len(page["products"]) <= limit for page in pages)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_by_price_hold_each_product_once_in_order(
    writer: ProductApi, shelf: Shelf, order: str, limit: int
) -> None:
    pages = walk(writer, minPrice=shelf.lowest, maxPrice=shelf.highest, order=order, limit=limit)
    assert products_on(pages) == (shelf.by_price if order == "asc" else shelf.by_price[::-1])


def test_newest_products_come_first_in_descending_order_of_creation(writer: ProductApi, shelf: Shelf) -> None:
    page = products_of(writer.list(order="desc", limit=100))
    ours = [product for product in page if product in shelf.by_name]
    assert ours == shelf.by_creation[::-1]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["createdAt", "price", "name"])
def test_small_pages_of_the_whole_catalogue_make_up_a_large_one(
    writer: ProductApi, shelf: Shelf, sort_by: str, order: str
) -> None:
    query: Query = {"sortBy": sort_by, "order": order}
    small: list[Product] = []
    cursor: object = None
    for _ in range(3):
        page = json_of(writer.list(**query, limit=2, **({"cursor": cursor} if cursor else {})))
        small += products_on([page])
        cursor = page["nextCursor"]
        assert cursor is not None
    assert small == products_of(writer.list(**query, limit=6))


def test_next_page_may_have_another_limit(writer: ProductApi, shelf: Shelf) -> None:
    first = json_of(writer.list(name=shelf.prefix, limit=2))
    rest = json_of(writer.list(name=shelf.prefix, limit=50, cursor=first["nextCursor"]))
    assert products_on([first, rest]) == shelf.by_name


def test_paging_goes_on_behind_a_product_that_was_withdrawn_in_between(writer: ProductApi, products: Products) -> None:
    prefix = products.name("paged")
    made = [products.make(name=f"{prefix} {number}") for number in range(4)]
    eventually(lambda: len(products_of(writer.list(name=prefix))) == 4, "all are listed")
    first = json_of(writer.list(name=prefix, limit=2))
    products.withdraw(made[1]["productId"])
    eventually(lambda: len(products_of(writer.list(name=prefix))) == 3, "one is listed no more")
    assert products_of(writer.list(name=prefix, limit=2, cursor=first["nextCursor"])) == made[2:]


@pytest.mark.parametrize(
    ("beginning", "found"),
    [
        ("b", ["Beta", "beta max"]),
        ("BETA", ["Beta", "beta max"]),
        ("beta ", ["Beta", "beta max"]),
        ("beta m", ["beta max"]),
        ("é", ["ÉCLAIR", "éclair au chocolat"]),
        ("e\u0301CL", ["ÉCLAIR", "éclair au chocolat"]),
        ("zulu", ["Zulu"]),
        ("eta", []),
        ("%", []),
        ("*", []),
        ("b_ta", []),
    ],
)
def test_search_finds_names_that_begin_alike_whatever_their_case(
    writer: ProductApi, shelf: Shelf, beginning: str, found: list[str]
) -> None:
    page = products_of(writer.list(name=f"{shelf.prefix} {beginning}"))
    assert [str(product["name"]).removeprefix(f"{shelf.prefix} ") for product in page] == found


def test_search_finds_a_percent_sign(writer: ProductApi, products: Products) -> None:
    # Some gateways decode a query once, some hand on `%25` as it is written, and some decode twice.
    name = f"100% {products.prefix} 25%25"
    product = products.make(name=name)
    eventually(lambda: products_of(writer.list(name=name)) == [product], "it is found by its whole name")
    assert product in products_of(writer.list(name=f"100% {products.prefix}"))


def test_search_by_name_sorts_by_name(writer: ProductApi, shelf: Shelf) -> None:
    assert products_of(writer.list(name=shelf.prefix, sortBy="name", order="desc")) == shelf.by_name[::-1]


@pytest.mark.parametrize(
    ("above", "up_to"),
    [("0", "300"), ("0.00", "0"), ("0.01", "1.5"), ("1.49", "99.98"), ("1.51", "19.99"), ("20", "20")],
)
def test_price_range_includes_both_ends(writer: ProductApi, shelf: Shelf, above: str, up_to: str) -> None:
    lowest, highest = shelf.lowest + Decimal(above), shelf.lowest + Decimal(up_to)
    page = products_of(writer.list(minPrice=lowest, maxPrice=highest))
    assert page == [product for product in shelf.by_price if lowest <= Decimal(str(product["price"])) <= highest]


def test_price_range_may_be_open(writer: ProductApi, shelf: Shelf) -> None:
    above = products_of(writer.list(minPrice=shelf.lowest, limit=100))
    assert set(ids_of(shelf.by_name)) <= set(ids_of(above))
    assert all(Decimal(str(product["price"])) >= shelf.lowest for product in above)
    below = products_of(writer.list(maxPrice=shelf.highest, order="desc", limit=100))
    assert ids_of(below)[: len(CENTS)] == ids_of(shelf.by_price[::-1])
    assert all(Decimal(str(product["price"])) <= shelf.highest for product in below)


def test_prices_of_another_currency_are_in_an_order_of_their_own(writer: ProductApi, products: Products) -> None:
    price, name = random.randrange(1_000_000, 900_000_000), products.name("yen")
    in_yen = products.make(name=name, price=price, currency="JPY")["productId"]
    in_rands = products.make(name=f"{name}, no, rands", price=price)["productId"]
    exactly: Query = {"minPrice": price, "maxPrice": price}

    def shows(query: Query, product_id: object) -> bool:
        return ids_of(products_of(writer.list(**query))) == [product_id]

    searches: list[tuple[Query, object]] = [
        ({**exactly, "currency": "JPY"}, in_yen),
        (exactly, in_rands),
        ({"name": name, "currency": "JPY"}, in_yen),
    ]
    for query, product_id in searches:
        eventually(functools.partial(shows, query, product_id), str(query))


@pytest.mark.parametrize("cycle", ["monthly", "yearly", "one-time"])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_billing_cycle_is_a_filter_of_every_listing(writer: ProductApi, shelf: Shelf, cycle: str, limit: int) -> None:
    range_: Query = {"minPrice": shelf.lowest, "maxPrice": shelf.highest}
    for query, ordered in (
        ({"name": shelf.prefix}, shelf.by_name),
        ({"name": shelf.prefix, "order": "desc"}, shelf.by_name[::-1]),
        (range_, shelf.by_price),
        ({**range_, "order": "desc"}, shelf.by_price[::-1]),
    ):
        pages = walk(writer, **query, billingCycle=cycle, limit=limit)
        assert products_on(pages) == [product for product in ordered if product["billingCycle"] == cycle]
        assert all(len(page["products"]) <= limit for page in pages)  # type: ignore[arg-type]


def test_pages_of_a_billing_cycle_may_be_empty_before_the_last(writer: ProductApi, shelf: Shelf) -> None:
    pages = walk(writer, name=shelf.prefix, billingCycle="one-time", limit=1)
    assert [page["count"] for page in pages][: len(WORDS)] == [int(cycle == "one-time") for cycle in CYCLES]


def test_newest_products_of_a_billing_cycle(writer: ProductApi, shelf: Shelf) -> None:
    newest = products_of(writer.list(billingCycle="yearly", order="desc", limit=100))
    assert {str(product["billingCycle"]) for product in newest} == {"yearly"}
    made = [product for product in shelf.by_creation[::-1] if product["billingCycle"] == "yearly"]
    assert [product for product in newest if product in made] == made


def test_changed_product_moves_in_every_listing(writer: ProductApi, products: Products) -> None:
    name, new_name = products.name("moves"), products.name("has moved")
    product_id = products.make(name=name, price=10)["productId"]
    after = products.update(product_id, name=new_name, price=499_999.99)
    eventually(lambda: products_of(writer.list(name=new_name)) == [after], "it is found by its new name")
    eventually(lambda: products_of(writer.list(name=name)) == [], "it is not found by its old name")
    eventually(
        lambda: product_id in ids_of(products_of(writer.list(minPrice=499_999.99, maxPrice=499_999.99))),
        "it is found by its new price",
    )


LIMIT, PRICE = "whole number from 1 to 100", "0 to 999999999999"
CYCLE = "must be one of monthly, yearly, one-time"
BAD_VALUES: dict[tuple[str, str], list[object]] = {
    ("limit", LIMIT): ["0", "101", "-1", "x", "1.5", "", "1e1", "٣", "99999999999999999999"],
    ("sortBy", "createdAt, price or name"): ["age", "Name", "", "createdat"],
    ("order", "asc or desc"): ["up", "ASC", ""],
    ("active", "true or false"): ["yes", "1", "", "False"],
    ("billingCycle", CYCLE): ["weekly", "Monthly", "one time", "monthly,yearly", ""],
    ("currency", "ISO 4217"): ["zar", "XAU", "", "ZAR,USD"],
    ("name", "1 to 100 characters"): ["", "   ", "n" * 101, "tab\there", "\x00"],
    ("minPrice", PRICE): ["-1", "x", "", "1.2345", "1e3", "1000000000000", "NaN", "1,50"],
    ("maxPrice", PRICE): ["-1", "x", "", "1.2345", "1e3", "1000000000000", "Infinity"],
}
BAD_QUERIES: list[tuple[Query, str, str]] = [
    *(({name: value}, name, allowed) for (name, allowed), values in BAD_VALUES.items() for value in values),
    ({"minPrice": "2", "maxPrice": "1"}, "minPrice", "not be above maxPrice"),
    ({"name": "abc", "minPrice": "1"}, "name", "cannot be combined"),
    ({"name": "abc", "sortBy": "price"}, "sortBy", "name"),
    ({"maxPrice": "1", "sortBy": "createdAt"}, "sortBy", "price"),
    ({"limit": ["1", "2"]}, "limit", "once"),
    ({"billingCycle": ["monthly", "yearly"]}, "billingCycle", "once"),
    ({"page": "2"}, "page", "not a parameter"),
    ({"Limit": "2"}, "Limit", "not a parameter"),
]


@pytest.mark.parametrize(
    ("query", "field", "allowed"), BAD_QUERIES, ids=[ascii(query)[:40] for query, *_ in BAD_QUERIES]
)
def test_bad_parameter_is_refused(writer: ProductApi, query: Query, field: str, allowed: str) -> None:
    assert_refused(writer.list(**query), 400, "ValidationError", field=field, allowed=allowed)


def test_every_parameter_at_fault_is_named(writer: ProductApi) -> None:
    answer = assert_refused(writer.list(limit=0, order="up", colour="red"), 400, "ValidationError")
    details = answer["details"]
    assert isinstance(details, list)
    assert {detail["field"] for detail in details} == {"limit", "order", "colour"}


def altered(cursor: str) -> dict[str, str]:
    middle = len(cursor) // 2
    other = "A" if cursor[middle] != "A" else "B"
    return {
        "one character short": cursor[:-1],
        "cut in half": cursor[:middle],
        "its beginning missing": cursor[1:],
        "one character changed": f"{cursor[:middle]}{other}{cursor[middle + 1 :]}",
        "something added": f"{cursor}AAAA",
        "empty": "",
        "made up": "eyJQSyI6ICJQUk9EVUNUIn0",
        "a product's id": "00000000-0000-4000-8000-000000000000",
        "no base64": "%%%%",
        "white space": " ",
        "padding": "====",
        "another alphabet": "ёжик",
        "very long": "A" * 4000,
    }


@pytest.mark.parametrize("case", altered("0123456789"))
def test_cursor_that_was_not_handed_out_is_refused(writer: ProductApi, shelf: Shelf, case: str) -> None:
    cursor = str(json_of(writer.list(name=shelf.prefix, limit=2))["nextCursor"])
    response = writer.list(name=shelf.prefix, limit=2, cursor=altered(cursor)[case])
    assert_refused(response, 400, "InvalidCursor", field="cursor")


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"name": "another prefix"},
        {"name": "PREFIX", "order": "desc"},
        {"name": "PREFIX", "active": "false"},
        {"name": "PREFIX", "billingCycle": "monthly"},
        {"sortBy": "name"},
        {"sortBy": "price"},
        {"sortBy": "createdAt", "order": "desc"},
        {"minPrice": "1"},
    ],
    ids=str,
)
def test_cursor_of_another_query_is_refused(writer: ProductApi, shelf: Shelf, other: dict[str, str]) -> None:
    cursor = json_of(writer.list(name=shelf.prefix, limit=2))["nextCursor"]
    query = {name: shelf.prefix if value == "PREFIX" else value for name, value in other.items()}
    assert_refused(writer.list(**query, cursor=cursor), 400, "InvalidCursor", field="cursor")


def test_cursor_of_another_price_range_is_refused(writer: ProductApi, shelf: Shelf) -> None:
    cursor = json_of(writer.list(minPrice=shelf.lowest, limit=2))["nextCursor"]
    response = writer.list(minPrice=shelf.lowest + 1, limit=2, cursor=cursor)
    assert_refused(response, 400, "InvalidCursor", field="cursor")
