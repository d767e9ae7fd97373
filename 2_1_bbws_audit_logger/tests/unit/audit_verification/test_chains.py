"""Following a chain: every gap and every broken link is found, in whatever order the objects come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_verification.chains import LastRecord, Link, against_table, broken_links, gaps

if TYPE_CHECKING:
    import random

PRODUCT = "11111111-1111-4111-8111-111111111111"


def whole_chain(length: int) -> list[Link]:
    return [
        Link(number, f"key-{number:03}", f"hash-{number}", f"hash-{number - 1}" if number > 1 else None)
        for number in range(1, length + 1)
    ]


def found(links: list[Link]) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.sequence) for finding in broken_links(PRODUCT, links)]


@given(st.integers(0, 30), st.randoms())
def test_whole_chain_has_nothing_wrong_in_any_order(length: int, shuffler: random.Random) -> None:
    links = whole_chain(length)
    shuffler.shuffle(links)
    assert list(gaps(links, from_first=True, up_to=length)) == []
    assert found(links) == []


@given(st.integers(1, 30), st.sets(st.integers(1, 30)), st.booleans(), st.randoms())
def test_gaps_are_exactly_what_is_missing(
    length: int, missing: set[int], from_first: bool, shuffler: random.Random
) -> None:
    links = [link for link in whole_chain(length) if link.sequence not in missing]
    shuffler.shuffle(links)
    there = {link.sequence for link in links}
    first = 1 if from_first else min(there, default=length + 1)
    expected = set(range(first, length + 1)) - there
    there_gaps = list(gaps(links, from_first=from_first, up_to=length))
    assert {number for gap in there_gaps for number in range(gap.first, gap.last + 1)} == expected
    # As few as can be, each with the objects around it.
    assert sum(gap.last - gap.first + 1 for gap in there_gaps) == len(expected)
    for gap in there_gaps:
        assert gap.before == (f"key-{gap.first - 1:03}" if gap.first - 1 in there else None)
        assert gap.after == (f"key-{gap.last + 1:03}" if gap.last + 1 in there else None)
    assert found(links) == []


@given(st.integers(2, 30), st.data())
def test_each_hash_that_differs_breaks_the_link_after_it(length: int, data: st.DataObject) -> None:
    links = whole_chain(length)
    number = data.draw(st.integers(1, length - 1))
    links[number - 1] = links[number - 1]._replace(hash="another")
    assert found(links) == [("BrokenLink", number + 1)]


@given(st.integers(2, 30), st.data())
def test_each_previous_hash_that_differs_is_found(length: int, data: st.DataObject) -> None:
    links = whole_chain(length)
    number = data.draw(st.integers(1, length))
    links[number - 1] = links[number - 1]._replace(previous_hash="another")
    assert found(links) == [("BrokenLink", number)]


@given(st.integers(1, 30), st.data())
def test_object_of_unknown_content_takes_its_place(length: int, data: st.DataObject) -> None:
    links = whole_chain(length)
    number = data.draw(st.integers(1, length))
    links[number - 1] = Link(number, links[number - 1].key)
    assert list(gaps(links, from_first=True, up_to=length)) == []
    assert found(links) == []


@given(st.integers(1, 30), st.data())
def test_second_record_of_a_sequence_is_found(length: int, data: st.DataObject) -> None:
    links = whole_chain(length)
    number = data.draw(st.integers(1, length))
    links.append(links[number - 1]._replace(key="key-of-the-second"))
    assert found(links) == [("SameSequence", number)]
    assert list(gaps(links, from_first=True, up_to=length)) == []


def test_record_may_follow_either_of_two_with_one_sequence() -> None:
    links = [*whole_chain(3), Link(2, "key-of-the-second", "forged", "hash-1")]
    assert found(links) == [("SameSequence", 2)]
    assert found([*links[:2], links[2]._replace(previous_hash="forged"), links[3]]) == [("SameSequence", 2)]
    assert found([*links[:2], links[2]._replace(previous_hash="neither"), links[3]]) == [
        ("SameSequence", 2),
        ("BrokenLink", 3),
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (LastRecord(3, "hash-3"), []),
        (LastRecord(3, "another"), ["OtherThanTable"]),
        (LastRecord(2, "hash-2"), ["AheadOfTable"]),
        # What is missing is a gap.
        (LastRecord(4, "hash-4"), []),
        (None, ["AheadOfTable"]),
    ],
)
def test_end_of_the_chain_is_compared_with_the_table(head: LastRecord | None, expected: list[str]) -> None:
    assert [finding.kind for finding in against_table(PRODUCT, reversed(whole_chain(3)), head)] == expected


def test_chain_without_objects_is_missing_up_to_the_head() -> None:
    assert list(against_table(PRODUCT, [], LastRecord(3, "hash-3"))) == []
    (gap,) = gaps([], from_first=True, up_to=3)
    assert (gap.first, gap.last, gap.before, gap.after) == (1, 3, None, None)
    assert list(gaps([], from_first=False, up_to=3)) == []
