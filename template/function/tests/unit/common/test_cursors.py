"""Cursors."""

from __future__ import annotations

import pytest

from common import cursors
from common.errors import InvalidCursor

QUERY = ["price", True, None, ("000010.00#", "000020.00$")]
POSITION = "000015.00#3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"

OTHER_QUERIES = [
    [],
    ["price", True, None],
    ["name", True, None, ("000010.00#", "000020.00$")],
    ["price", False, None, ("000010.00#", "000020.00$")],
    ["price", True, False, ("000010.00#", "000020.00$")],
    ["price", True, None, ("000010.00#", "000020.01$")],
    ["price", True, None, ("000010.00#", "000020.00$"), POSITION],
]


@pytest.mark.parametrize("position", ["", "7", POSITION, "日本 größe 🚀\t7", "🚀" * 100])
def test_cursor_leads_back_to_its_position(position):
    assert cursors.decode(QUERY, cursors.encode(QUERY, position)) == position


def test_cursor_needs_no_escaping_in_a_url():
    made = cursors.encode(QUERY, "🚀日本ßßß>>>???\t")

    assert made.isascii()
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@pytest.mark.parametrize("query", OTHER_QUERIES)
def test_cursor_of_another_query_is_refused(query):
    made = cursors.encode(query, POSITION)

    with pytest.raises(InvalidCursor):
        cursors.decode(QUERY, made)


def test_cursor_cut_short_anywhere_is_refused():
    made = cursors.encode(QUERY, POSITION)

    for length in range(len(made)):
        with pytest.raises(InvalidCursor):
            cursors.decode(QUERY, made[:length])


@pytest.mark.parametrize("character", ["A", "b", "0", "-", "_", "+", "/", "=", " ", "é", "\n"])
def test_cursor_altered_anywhere_is_refused(character):
    # Positions of three lengths: in two of them the last letter has bits that decoding passes over.
    for position in (POSITION, POSITION[1:], POSITION[2:]):
        made = cursors.encode(QUERY, position)
        for place in range(len(made)):
            altered = made[:place] + character + made[place + 1 :]
            if altered != made:
                with pytest.raises(InvalidCursor):
                    cursors.decode(QUERY, altered)


@pytest.mark.parametrize("added", ["A", "=", "==", "\n", " ", ".", "%3D"])
def test_cursor_with_something_added_is_refused(added):
    made = cursors.encode(QUERY, POSITION)

    for altered in (made + added, added + made):
        with pytest.raises(InvalidCursor):
            cursors.decode(QUERY, altered)


@pytest.mark.parametrize(
    "made_up", ["", "x", "null", "undefined", "eyJhIjoxfQ", "AAAAAAAAAAAAAAAA", "🚀", "%%%", "a" * 8000]
)
def test_made_up_cursor_is_refused(made_up):
    with pytest.raises(InvalidCursor):
        cursors.decode(QUERY, made_up)
