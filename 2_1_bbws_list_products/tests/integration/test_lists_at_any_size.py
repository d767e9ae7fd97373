"""Listings of any number of products, paged through while the products change.

The order expected is worked out here from the products themselves, not from the keys by which the indexes sort.
"""

from __future__ import annotations

import itertools
import random
import unicodedata
import uuid
from collections import Counter
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.index_double import READ_AT_ONCE_BYTES, ProductIndexes

import handler as function
from common.attribute_values import to_item
from common.head import Head
from common.product_table import head_key
from handler import handler
from tests import faults

# Names that sort by case-folded text alone, that begin one another, or that differ in case or composition only.
# Fullwidth letters have more bytes than most, and emoji two halves in UTF-16, which sort before fullwidth letters.
NAMES = [
    *("Plan", "PLAN", "plan a", "Plan!", "Plan-B", "Plane", "plans", "Zebra", "apple"),
    *("Éclair", "e\u0301clair au chocolat", "Eclair", "Straße", "STRASSE", "Strasse 2", "ΟΔΟΣ", "οδος", "İstanbul"),
    *("Пакет", "пакет старт", "日本", "日本語", "\u1112\u1161\u11ab", "한국", "مرحبا", "🚀🚀", "🚀🚀🚀", "ｐｌａｎ"),
]
PREFIXES = ["p", "PLAN", "plan ", "é", "STRASS", "οδός", "пак", "日", "🚀", "İ", "x"]
PRICES = [
    "0.01",
    "9.99",
    "9.995",
    "10.00",
    "10.01",
    "99.90",
    "100.00",
    "1000.00",
    "20000.50",
    "999999.99",
    "5000000.00",
]
CURRENCIES = ["ZAR", "USD", "KWD"]
CYCLES = ["monthly", "yearly", "one-time"]
CREATED = [f"2026-11-22T08:0{minute}:00.00000{micro}Z" for minute in (0, 1) for micro in (0, 1, 9)]
# `call` keeps nothing from one example to the next.
SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
SORTS = [{}, {"sortBy": "createdAt"}, {"sortBy": "price"}, {"sortBy": "name"}]
FILTERS = [
    *({"name": prefix} for prefix in PREFIXES),
    *({"minPrice": lowest} for lowest in ("0", "9.99", "10.01", "999999.99")),
    *({"maxPrice": highest} for highest in ("0.01", "10", "100")),
    *({"minPrice": "9.99", "maxPrice": "100.00"}, {"minPrice": "10", "maxPrice": "10"}),
    *({"minPrice": "9.995", "currency": currency} for currency in CURRENCIES),
]
SORTED, FILTERED = (
    [
        {**chosen, **order, **active, **cycle, **currency}
        for chosen in choices
        for order in ({}, {"order": "asc"}, {"order": "desc"})
        for active in ({}, {"active": "true"}, {"active": "false"})
        for cycle in ({}, *({"billingCycle": cycle} for cycle in CYCLES))
        for currency in ({}, {"currency": "USD"})
    ]
    for choices in (SORTS, FILTERS)
)


def folded(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def is_by_price(query):
    return "minPrice" in query or "maxPrice" in query or query.get("sortBy") == "price"


class Catalogue:
    """Products, as they are and as the indexes have them.

    Withdrawn products may share a name. Active ones may here, too: that is harder to list than what the table holds.
    """

    def __init__(self, read_at_once_bytes=READ_AT_ONCE_BYTES):
        self.indexes = ProductIndexes(read_at_once_bytes)
        self.products = {}
        self.ids = []
        self.changed = set()

    def add(self, **fields):
        product_id = str(uuid.uuid5(uuid.NAMESPACE_OID, str(len(self.ids))))
        self.ids.append(product_id)
        self._put(
            {
                "productId": product_id,
                "description": "Hosting for one WordPress site",
                "features": [],
                "active": True,
                "version": 1,
                "dateLastUpdated": fields["dateCreated"],
                "lastUpdatedBy": "admin",
                **fields,
            }
        )

    def change(self, number, **fields):
        """Change the product of a number, counted round and round, if there is any."""
        if self.ids:
            product = self.products[self.ids[number % len(self.ids)]]
            self._put({**product, **fields, "version": product["version"] + 1})

    def _put(self, product):
        product_id = product["productId"]
        self.products[product_id] = product
        self.changed.add(product_id)
        head = Head(product["version"], "0" * 64, "c-1", product)
        self.indexes.put(to_item({**head_key(product_id), **head.attributes(product_id)}))


class Walk:
    """Follows the cursors of one listing, and holds every page to what was promised."""

    def __init__(self, call, catalogue, query):
        self.call, self.catalogue, self.query = call, catalogue, query
        self.pages, self.over = 0, False
        self._shown, self._cursor, self._last = Counter(), {}, None
        self._leaves_out = "billingCycle" in query or ("currency" in query and not is_by_price(query))
        places = {product_id: self._place(product_id) for product_id in catalogue.ids}
        # Those that stay put, so far: where they are.
        self._staying = {product_id: place for product_id, place in places.items() if place is not None}

    def _place(self, product_id):
        """Return where a product is in the order of the listing; `None` if it isn't in the listing."""
        product, query = self.catalogue.products[product_id], self.query
        if product["active"] is not (query.get("active") != "false"):
            return None
        if query.get("billingCycle", product["billingCycle"]) != product["billingCycle"]:
            return None
        by_price = is_by_price(query)
        if query.get("currency", "ZAR" if by_price else product["currency"]) != product["currency"]:
            return None
        if "name" in query or query.get("sortBy") == "name":
            name = folded(product["name"])
            return (name, product_id) if name.startswith(folded(query.get("name", "").strip())) else None
        if by_price:
            price = Decimal(product["price"])
            inside = Decimal(query.get("minPrice", "0")) <= price <= Decimal(query.get("maxPrice", "Infinity"))
            return (price, product_id) if inside else None
        return product["dateCreated"], product_id

    def turn_the_page(self, limit):
        for product_id in self.catalogue.changed:
            if product_id in self._staying and self._place(product_id) != self._staying[product_id]:
                del self._staying[product_id]
        reads_before = len(self.catalogue.indexes.read)

        answer = self.call(handler, query={**self.query, **self._cursor, "limit": str(limit)})

        assert answer.status == 200, answer.text
        page = answer.body["products"]
        assert answer.body["count"] == len(page) <= limit
        # One query, and it read the products of this page alone, or up to the limit where some were filtered out.
        (read,) = self.catalogue.indexes.read[reads_before:]
        assert len(page) <= read <= limit if self._leaves_out else read == len(page)
        for product in page:
            stored = self.catalogue.products[product["productId"]]
            shown = {name: product[name] for name in stored}
            assert {**shown, "price": Decimal(str(shown["price"]))} == {**stored, "price": Decimal(stored["price"])}
            place = self._place(product["productId"])
            assert place is not None, product
            if self._last is not None:
                assert place < self._last if self.query.get("order") == "desc" else place > self._last
            self._last = place
        self._shown.update(product["productId"] for product in page)
        self.pages += 1
        cursor = answer.body["nextCursor"]
        assert page or cursor is None or self._leaves_out
        self._cursor, self.over = {"cursor": cursor}, cursor is None
        if self.over:
            assert {product_id: self._shown[product_id] for product_id in self._staying} == dict.fromkeys(
                self._staying, 1
            )


def walk_together(call, catalogue, queries, limits, changes):
    """Page through listings in turn, with changes between the pages, and return how many pages there were.

    `limits` never ends; `changes` yields functions that change the catalogue and may end.
    """
    walks = [Walk(call, catalogue, query) for query in queries]
    catalogue.changed.clear()
    with faults.between([function.DYNAMODB], catalogue.indexes.send):
        while walking := [walk for walk in walks if not walk.over]:
            for walk in walking:
                walk.turn_the_page(next(limits))
                next(changes, lambda: None)()
    return sum(walk.pages for walk in walks)


# A few products: all that can happen, close together

FIELDS = {
    "name": st.sampled_from(NAMES),
    "price": st.sampled_from(PRICES),
    "dateCreated": st.sampled_from(CREATED),
    "active": st.booleans(),
    "billingCycle": st.sampled_from(CYCLES),
    "currency": st.sampled_from(CURRENCIES),
}
ADDED = st.fixed_dictionaries(FIELDS)
# Renamed, repriced, withdrawn or restored, due in another cycle, more than one of these, or none.
CHANGED = st.fixed_dictionaries({}, optional={name: FIELDS[name] for name in FIELDS if name != "dateCreated"})


@settings(max_examples=settings.default.max_examples * 2, suppress_health_check=SUPPRESSED)
@given(
    products=st.lists(ADDED, max_size=4) | st.lists(ADDED, min_size=20, max_size=40),
    queries=st.tuples(st.sampled_from(SORTED), st.sampled_from(FILTERED), st.sampled_from(FILTERED)),
    limits=st.lists(st.integers(1, 4) | st.integers(1, 100), min_size=1, max_size=8),
    changes=st.lists(st.lists(st.tuples(st.integers(0, 40), CHANGED) | ADDED, max_size=4), max_size=20),
    read_at_once_bytes=st.sampled_from([READ_AT_ONCE_BYTES, 4000, 1]),
)
def test_no_product_that_stays_put_is_missed_or_seen_twice(
    call, products, queries, limits, changes, read_at_once_bytes
):
    catalogue = Catalogue(read_at_once_bytes)
    for fields in products:
        catalogue.add(**fields)

    def make(changes_at_once):
        for change in changes_at_once:
            if isinstance(change, dict):
                catalogue.add(**change)
            else:
                number, fields = change
                catalogue.change(number, **fields)

    made = ((lambda at_once=at_once: make(at_once)) for at_once in changes)
    assert walk_together(call, catalogue, queries, itertools.cycle(limits), made) >= len(queries)


# Thousands of products: everything at once


def test_page_after_page_shows_thousands_of_products_in_the_order_asked_for(call):
    """As they are, without any change."""
    chance = random.Random(4)
    catalogue = Catalogue()
    for number in chance.sample(range(10_000), 2_500):
        catalogue.add(**some_fields(chance, number))
    queries = [{**sort, "order": order} for sort in SORTS[1:] for order in ("asc", "desc")]

    pages = walk_together(call, catalogue, queries, itertools.repeat(100), iter(()))

    active = [product["currency"] for product in catalogue.products.values() if product["active"]]
    assert pages == 4 * (len(active) // 100 + 1) + 2 * (active.count("ZAR") // 100 + 1)


@settings(max_examples=max(1, settings.default.max_examples // 33), suppress_health_check=SUPPRESSED)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1_000, 3_000))
def test_the_same_holds_for_thousands_of_products_that_change_all_the_time(call, seed, count):
    chance = random.Random(seed)
    catalogue = Catalogue()
    for number in range(count):
        catalogue.add(**some_fields(chance, number))
    queries = [{**sort, "order": order} for sort in SORTS[1:] for order in ("asc", "desc")]
    queries += chance.sample(FILTERED, 3)

    def make_some():
        for _ in range(chance.randrange(6)):
            fields = some_fields(chance, chance.randrange(2 * count))
            if chance.random() < 0.2:
                catalogue.add(**fields)
            else:
                some = chance.sample(
                    ["name", "price", "active", "billingCycle", "currency"], chance.choice([1, 1, 1, 2])
                )
                catalogue.change(chance.randrange(count), **{name: fields[name] for name in some})

    limits = (chance.choice([1, 7, 20, 50, 99, 100, 100, 100]) for _ in itertools.count())
    assert walk_together(call, catalogue, queries, limits, itertools.repeat(make_some, 2_000)) > count / 100


def some_fields(chance, number):
    """Return what a product is made of: many share a price or the time they were made at, few a name."""
    word = chance.choice(NAMES)
    cents = chance.randrange(1, 10 ** chance.randint(2, 8))
    return {
        "name": word if chance.random() < 0.05 else f"{word} {number}",
        "price": chance.choice(PRICES) if chance.random() < 0.3 else f"{cents // 100}.{cents % 100:02d}",
        "dateCreated": f"2026-11-22T08:{number // 600 % 60:02d}:{number // 10 % 60:02d}.000000Z",
        "active": chance.random() < 0.9,
        "billingCycle": chance.choice(CYCLES),
        "currency": chance.choice(["ZAR", "ZAR", "USD"]),
    }
