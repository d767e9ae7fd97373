"""The cursors of listings."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cursor
from common.errors import InvalidCursor
from listing import Listing

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
BY_PRICE = Listing(sort_by="price", key_range=("ZAR#000000000010.000#", "ZAR#000000000020.000$"))
SORT_KEY = f"ZAR#000000000015.000#{PRODUCT_ID}"

OTHER_LISTINGS = [
    Listing(sort_by="name", key_range=BY_PRICE.key_range),
    Listing(sort_by="price", key_range=BY_PRICE.key_range, ascending=False),
    Listing(sort_by="price", key_range=BY_PRICE.key_range, active=False),
    Listing(sort_by="price", key_range=("ZAR#000000000010.000#", "ZAR#000000000020.010$")),
    Listing(sort_by="price", key_range=("ZAR#000000000009.990#", "ZAR#000000000020.000$")),
    Listing(sort_by="price", key_range=BY_PRICE.key_range, billing_cycle="monthly"),
    Listing(sort_by="price", key_range=("USD#000000000010.000#", "USD#000000000020.000$")),
    Listing(sort_by="price"),
    Listing(),
]


@pytest.mark.parametrize(
    ("listing", "sort_key"),
    [
        (BY_PRICE, SORT_KEY),
        (Listing(), f"2026-11-22T08:00:00.000000Z#{PRODUCT_ID}"),
        (Listing(sort_by="name", key_range=("日", "日\U0010ffff")), f"日本 größe 🚀\t{PRODUCT_ID}"),
        (Listing(sort_by="name"), f"{'🚀' * 100}\t{PRODUCT_ID}"),
    ],
)
def test_cursor_leads_back_to_its_sort_key(listing, sort_key):
    assert cursor.decode(listing, cursor.encode(listing, sort_key)) == sort_key


def test_pages_of_one_listing_may_have_another_size():
    made = cursor.encode(BY_PRICE, SORT_KEY)

    assert cursor.decode(Listing(sort_by="price", key_range=BY_PRICE.key_range, limit=7), made) == SORT_KEY


@pytest.mark.parametrize(
    ("listing", "handed_out", "sort_key"),
    [
        (
            Listing(billing_cycle="monthly"),
            "m1hFNVSUURgyMDI2LTExLTIyVDA4OjAwOjAwLjAwMDAwMFojM2YyYjhjMWUtNWQ0YS00YjZmLTljN2UtOGExZDJlM2Y0YTVi",
            f"2026-11-22T08:00:00.000000Z#{PRODUCT_ID}",
        ),
        (
            Listing(sort_by="name", ascending=False, key_range=("日", "日\U0010ffff")),
            "i1BpMU7zDVHml6XmnKwgZ3LDtsOfZQkzZjJiOGMxZS01ZDRhLTRiNmYtOWM3ZS04YTFkMmUzZjRhNWI",
            f"日本 größe\t{PRODUCT_ID}",
        ),
    ],
)
def test_cursor_that_a_version_before_handed_out_still_works(listing, handed_out, sort_key):
    assert cursor.decode(listing, handed_out) == sort_key


@pytest.mark.parametrize("listing", OTHER_LISTINGS)
def test_cursor_of_another_query_is_refused(listing):
    made = cursor.encode(listing, SORT_KEY)

    with pytest.raises(InvalidCursor):
        cursor.decode(BY_PRICE, made)


@pytest.mark.parametrize("other", [None, "yearly", "one-time"])
def test_cursor_of_another_billing_cycle_is_refused(other):
    made = cursor.encode(replace(BY_PRICE, billing_cycle="monthly"), SORT_KEY)

    assert cursor.decode(replace(BY_PRICE, billing_cycle="monthly"), made) == SORT_KEY
    with pytest.raises(InvalidCursor):
        cursor.decode(replace(BY_PRICE, billing_cycle=other), made)


def test_cursor_of_prices_in_whichever_currency_is_none_of_those_in_one():
    """As the first release handed it out: the query has another order now, so it begins anew."""
    with pytest.raises(InvalidCursor):
        cursor.decode(BY_PRICE, "ZskS95bokVAwMDAwMTUuMDAjM2YyYjhjMWUtNWQ0YS00YjZmLTljN2UtOGExZDJlM2Y0YTVi")


def test_cursor_of_another_currency_is_refused():
    in_dollars = Listing(currency="USD")
    sort_key = f"2026-11-22T08:00:00.000000Z#{PRODUCT_ID}"
    made = cursor.encode(in_dollars, sort_key)

    assert cursor.decode(in_dollars, made) == sort_key
    for other in (Listing(), Listing(currency="EUR"), Listing(currency="USD", billing_cycle="monthly")):
        with pytest.raises(InvalidCursor):
            cursor.decode(other, made)


@pytest.mark.parametrize("made_up", ["", "AAAAAAAAAAAAAAAA", "🚀", SORT_KEY])
def test_made_up_cursor_is_refused(made_up):
    with pytest.raises(InvalidCursor):
        cursor.decode(BY_PRICE, made_up)


@pytest.mark.parametrize(
    "sort_key",
    [
        "",
        "ZAR#000000000015.000#",
        "ZAR#000000000015.000#not-a-uuid",
        f"ZAR#000000000015.000#{PRODUCT_ID.upper()}",
        f"ZAR#000000000009.990#{PRODUCT_ID}",
        f"ZAR#000000000020.010#{PRODUCT_ID}",
        f"ZAR#000000000015.000#{'x' * 1000}{PRODUCT_ID}",
    ],
)
def test_forged_cursor_to_where_the_listing_does_not_lead_is_refused(sort_key):
    """DynamoDB fails when it is to start from such a key, which the caller would see as a 500."""
    with pytest.raises(InvalidCursor):
        cursor.decode(BY_PRICE, cursor.encode(BY_PRICE, sort_key))


def test_product_id_is_the_end_of_every_sort_key():
    assert cursor.product_id_of(SORT_KEY) == PRODUCT_ID
