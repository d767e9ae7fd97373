"""Search by the beginning of a name, in any script and however it is typed."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.index_double import ProductIndexes

import handler as function
from common.attribute_values import to_item
from common.head import Head
from common.product_table import head_key
from common.text import normalised
from handler import handler
from tests import faults


@pytest.fixture
def search(call):
    """Return a function that searches products of some names, pages of three, and gives the numbers of those found."""

    def find(names, beginning):
        indexes = ProductIndexes()
        ids = [str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))) for number in range(len(names))]
        for product_id, name in zip(ids, names, strict=True):
            product = {
                "productId": product_id,
                # As products are stored.
                "name": normalised(name, 0, 1000),
                "description": "Hosting for one WordPress site",
                "price": "299.90",
                "currency": "ZAR",
                "billingCycle": "monthly",
                "features": [],
                "active": True,
                "version": 1,
                "dateCreated": "2026-11-22T08:00:00.000000Z",
                "dateLastUpdated": "2026-11-22T08:00:00.000000Z",
                "lastUpdatedBy": "admin",
            }
            head = Head(1, "0" * 64, "c-1", product)
            indexes.put(to_item({**head_key(product_id), **head.attributes(product_id)}))
        found, following = [], {}
        with faults.between([function.DYNAMODB], indexes.send):
            while following is not None:
                answer = call(handler, query={"name": beginning, "limit": "3", **following})
                assert answer.status == 200, answer.text
                found += [ids.index(product["productId"]) for product in answer.body["products"]]
                cursor = answer.body["nextCursor"]
                following = {"cursor": cursor} if cursor else None
        assert len(set(found)) == len(found)
        return set(found)

    return find


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("WordPress Professional Plan", "wordpress pro"),
        ("WordPress Professional Plan", "WORDPRESS PROFESSIONAL PLAN"),
        ("Plan\u00a0Pro", "plan pro"),
        ("Plan Pro", "plan\u00a0\u00a0pro"),
        ("Plan\u00ad  Pro", "plan p"),
        ("Café Hosting", "CAFE\u0301 h"),
        ("Cafe\u0301 Hosting", "café H"),
        ("Größe", "GRO\u0308SSE"),
        ("GROSSE", "große"),
        ("Việt Nam", "vie\u0323\u0302t"),
        ("Vie\u0302\u0323t Nam", "VIỆT"),
        # The sigma that ends a word.
        ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
        ("ΟΔΟΣ ΑΒΓ", "οδος"),
        ("οδός", "ΟΔΌΣ"),
        # The iota below is a letter of its own in capitals.
        ("ᾳδω", "ΑΙΔΩ"),
        ("ᾳ\u0323δω", "Α\u0323ΙΔ"),
        ("ΐδιος", "Ϊ\u0301Διος"),
        # Turkish: the dot stays, with a capital and a small letter alike.
        ("İstanbul", "i\u0307stan"),
        ("i\u0307stanbul", "İSTAN"),
        ("ılık", "ılı"),
        ("Пакет Старт", "ПАКЕТ СТ"),
        ("Йошкар-Ола", "и\u0306ошкар"),
        ("ԵՐԵՎԱՆ", "երեվան"),
        ("ᲗᲑᲘᲚᲘᲡᲘ", "თბილ"),
        # Hangul syllables, and the letters that they are made of.
        ("한국 호스팅", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("\u1112\u1161\u11ab국 호스팅", "한국"),
        ("أهلا وسهلا", "\u0627\u0654ه"),
        ("بِسْمِ", "بِسْ"),
        ("שָׁלוֹם", "שָׁל"),
        ("हिन्दी", "हिन्"),
        ("ไทยโฮสต์", "ไทย"),
        ("日本ホスト", "日本"),
        ("バックアップ", "ハ\u3099ック"),
        ("🚀🚀 Rocket", "🚀🚀 rOCKET"),
        ("👩\u200d💻 Developer", "👩\u200d💻 d"),
        ("🇿🇦 Hosting", "🇿🇦"),
        ("\U00010400\U00010401\U00010402", "\U00010428\U00010429"),
        ("100% uptime", "100%"),
    ],
)
def test_name_is_found_by_its_beginning(search, name, beginning):
    assert search([name], beginning) == {0}


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("WordPress Professional Plan", "professional"),
        ("WordPress Pro", "wordpress professional"),
        ("Café", "cafe"),
        ("Cafe", "café"),
        # Other letters, though Turkish writes one as the other's capital.
        ("ılık", "ILIK"),
        # A syllable isn't the beginning of a longer one, just as E isn't that of É.
        ("한국", "하"),
        ("ハック", "バ"),
    ],
)
def test_name_that_begins_otherwise_is_not_found(search, name, beginning):
    assert search([name], beginning) == set()


# Letters, each with all its spellings; none begins another.
LETTERS = [
    *(["p", "P"], ["1"], ["-"], ["日"], ["🚀"], ["👩\u200d💻"], ["ا"], ["أ", "\u0627\u0654"]),
    *(["é", "É", "e\u0301", "E\u0301"], ["ß", "ẞ", "ss", "SS", "sS", "ſs"], ["ﬁ", "fi", "FI"], ["ŉ", "ʼn", "ʼN"]),
    *(["ö", "Ö", "o\u0308", "O\u0308"], ["å", "Å", "\u212b", "a\u030a", "A\u030a"], ["k", "K", "\u212a"], ["ı"]),
    *(["i\u0307", "İ", "I\u0307"], ["ệ", "Ệ", "e\u0323\u0302", "E\u0302\u0323"], ["ǆ", "ǅ", "Ǆ"]),
    *(["σ", "ς", "Σ"], ["ω", "Ω", "\u2126"], ["μ", "µ", "Μ"], ["ᾳ", "ᾼ", "αι", "ΑΙ", "α\u0345"]),
    *(
        ["ΐ", "\u1fd3", "Ϊ\u0301", "ι\u0308\u0301"],
        ["ᾳ\u0323", "α\u0323ι", "Α\u0323Ι"],
        ["ᾷ", "α\u0342\u0345", "α\u0342ι", "Α\u0342Ι"],
    ),
    *(["й", "Й", "и\u0306", "И\u0306"], ["ж", "Ж"], ["თ", "Თ"], ["Ꭰ", "ꭰ"], ["\U00010400", "\U00010428"]),
    *(["가", "\u1100\u1161"], ["각", "\u1100\u1161\u11a8", "가\u11a8"], ["バ", "ハ\u3099"], ["क्षि"]),
]
WORDS = st.lists(st.integers(0, len(LETTERS) - 1), min_size=1, max_size=6)


@settings(
    max_examples=settings.default.max_examples * 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.data(), words=st.lists(WORDS | st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=8)
)
def test_exactly_those_names_are_found_that_begin_with_the_letters_however_spelt(search, data, words):
    def spelt(word):
        return "".join(data.draw(st.sampled_from(LETTERS[letter])) for letter in word)

    names = [spelt(word) for word in words]
    word = data.draw(st.sampled_from(words))
    beginning = word[: data.draw(st.integers(1, len(word)))]

    found = search(names, spelt(beginning))

    assert found == {number for number, word in enumerate(words) if word[: len(beginning)] == beginning}


# As many bytes as a hundred characters can have, folded: the letters at hand that grow the most.
@pytest.mark.parametrize("letter", ["ᾂ", "ᾷ", "힣", "日", "🚀", "\U00010400", "ﬃ", "ΐ", "ß"])
def test_longest_names_are_found_and_paged_through(search, letter):
    names = [f"{letter * 99}{last}" for last in "0123"]

    assert search(names, letter * 100) == set()
    assert search(names, letter * 99) == {0, 1, 2, 3}
    assert search(names, names[2]) == {2}
