"""How the indexes order products."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest

from common.index_keys import index_keys, name_range, partition, price_range, product_id_of
from common.product_table import claim_key
from common.text import fold, is_printable, normalised

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"


def keys(**fields):
    product = {
        "productId": PRODUCT_ID,
        "name": "WordPress Plan",
        "price": "299.90",
        "currency": "ZAR",
        "active": True,
        "dateCreated": "2026-11-22T08:00:00.000000Z",
    }
    return index_keys({**product, **fields})


def test_active_and_withdrawn_products_lie_apart():
    partition_keys = [f"{index}_PK" for index in ("GSI1", "GSI2", "GSI3", "GSI4")]

    assert {keys()[name] for name in partition_keys} == {partition(True)}
    assert {keys(active=False)[name] for name in partition_keys} == {partition(False)}
    assert partition(True) != partition(False)


@pytest.mark.parametrize("sort_key", ["GSI1_SK", "GSI2_SK", "GSI3_SK", "GSI4_SK"])
def test_sort_key_ends_in_the_product_that_it_finds(sort_key):
    assert product_id_of(keys()[sort_key]) == PRODUCT_ID


@pytest.mark.parametrize(
    ("price", "inside"),
    [
        ("9.99", False),
        ("9.999", False),
        ("10.00", True),
        ("100.001", False),
        ("99.00", True),
        ("100.00", True),
        ("100.01", False),
        ("1000.00", False),
    ],
)
def test_price_range_has_both_its_ends(price, inside):
    lowest, highest = price_range("ZAR", Decimal(10), Decimal("100.00"))
    assert (lowest <= keys(price=price)["GSI4_SK"] <= highest) is inside
    assert not lowest <= keys(price=price, currency="USD")["GSI4_SK"] <= highest


def test_prices_of_one_currency_sort_as_amounts_and_apart_from_another_s():
    ascending = [
        *(("KWD", "12.34"), ("KWD", "12.345"), ("KWD", "12.35"), ("VND", "1000.00"), ("VND", "25000000.00")),
        *(("ZAR", "0.01"), ("ZAR", "9.99"), ("ZAR", "999999.99"), ("ZAR", "9999999999.99")),
    ]
    in_order = sorted(ascending, key=lambda money: keys(currency=money[0], price=money[1])["GSI4_SK"])
    assert in_order == ascending


def test_keys_of_the_first_release_are_what_they_were():
    """Its listings read them, until none is to be gone back to."""
    assert keys()["GSI1_SK"] == f"000299.90#{PRODUCT_ID}"


@pytest.mark.parametrize(
    ("name", "inside"),
    [("wordpress PLAN", True), ("Word", True), ("WORDS", True), ("Wor", False), ("Worf", False), ("My Word", False)],
)
def test_name_range_has_what_begins_so_in_whatever_case(name, inside):
    first, last = name_range("wORd")
    assert (first <= keys(name=name)["GSI2_SK"] <= last) is inside


def test_name_sorts_before_the_longer_ones_that_it_begins():
    names = ["Plan", "Plan A", "Plan!", "Plan-B", "plans"]
    assert sorted(names, key=lambda name: keys(name=name)["GSI2_SK"]) == names


# Names as long as can be

LONGEST_NAME = 100
# Source: "Quotas in Amazon DynamoDB", partition keys and sort keys.
LONGEST_PARTITION_KEY_BYTES = 2048
LONGEST_SORT_KEY_BYTES = 1024


@pytest.fixture(scope="module")
def letters():
    """Return every character that a stored name can hold, but for those that folding leaves alone."""
    characters = (chr(number) for number in range(0x110000))
    return [
        character
        for character in characters
        if not (character == character.casefold() and unicodedata.is_normalized("NFD", character))
        and unicodedata.is_normalized("NFC", character)
        and is_printable(character)
    ]


def in_bytes(text):
    return len(text.encode())


def test_no_name_is_too_long_for_a_key(letters):
    """What holds for each character holds for each name.

    Decomposing and folding go character by character (what is put in another order stays as long), and composing
    makes no text longer. A character that folding leaves alone has four bytes at most.
    """
    decomposed = (unicodedata.normalize("NFD", unicodedata.normalize("NFD", letter).casefold()) for letter in letters)
    most = max(4, *map(in_bytes, decomposed))
    pairs = (unicodedata.decomposition(chr(number)).split() for number in range(0x110000))

    name_at_most = LONGEST_NAME * most
    assert in_bytes(keys(name="")["GSI2_SK"]) + name_at_most <= LONGEST_SORT_KEY_BYTES
    assert in_bytes(name_range("")[1]) + name_at_most <= LONGEST_SORT_KEY_BYTES
    assert in_bytes(claim_key("")["PK"]) + name_at_most <= LONGEST_PARTITION_KEY_BYTES
    assert all(
        in_bytes(chr(number)) <= sum(in_bytes(chr(int(part, 16))) for part in pair)
        for number, pair in enumerate(pairs)
        if len(pair) == 2 and not pair[0].startswith("<")
    )


@pytest.mark.parametrize("letter", ["\u1f82", "\u1fb7", "\ud7a3", "\U0001f680", "\U00010400", "\ufb03", "\u0390"])
def test_longest_names_of_the_letters_that_grow_the_most_make_keys(letter):
    name = normalised(letter * LONGEST_NAME, LONGEST_NAME, LONGEST_NAME)

    assert in_bytes(keys(name=name)["GSI2_SK"]) <= LONGEST_SORT_KEY_BYTES
    assert in_bytes(name_range(name)[1]) <= LONGEST_SORT_KEY_BYTES
    assert in_bytes(claim_key(name)["PK"]) <= LONGEST_PARTITION_KEY_BYTES


def test_tab_sorts_before_and_the_end_of_a_search_behind_every_character_that_a_name_can_hold(letters):
    ends_before = keys(name="")["GSI2_SK"][0]
    ends_behind = name_range("")[1]

    lowest = next(chr(number) for number in range(0x110000) if is_printable(chr(number)))
    highest = next(chr(number) for number in range(0x10FFFF, 0, -1) if is_printable(chr(number)))
    assert ends_before < lowest
    assert highest < ends_behind
    # Nor does folding make one that is beyond them.
    assert all(lowest <= character <= highest for letter in letters for character in fold(letter))
