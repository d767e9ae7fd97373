"""Who asked for a change, and why, as its caller says."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from common.api import Request
from common.attribution import attribution
from common.errors import ValidationError


@pytest.fixture
def stated(api_event):
    """Return a function that gives what a request with such headers says."""
    return lambda headers: attribution(Request.from_event(api_event("PUT", headers=headers)))


def test_nothing_is_said_unless_it_is(stated):
    assert stated({}) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Zo%C3%AB%20Smith", "Zoë Smith"),
        ("zoe.smith@bbws.example", "zoe.smith@bbws.example"),
        ("a+b, (c) = 100%25", "a+b, (c) = 100%"),
        ("%e6%97%A5%E6%9C%AC", "日本"),
        ("%F0%9F%9A%80", "🚀"),
        ("Zoe%CC%88", "Zoë"),
        ("%20%C2%A0Zo%C3%AB%20", "Zoë"),
        (["Zoe", "Kim"], "Zoe, Kim"),
        (quote("🚀" * 100), "🚀" * 100),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize(("header", "name"), [("X-Acting-User", "actingUser"), ("x-change-note", "changeNote")])
def test_text_is_decoded_and_normalised(stated, header, name, value, text):
    assert stated({header: value}) == {name: text}


def test_user_has_at_most_100_characters_and_a_note_500(stated):
    assert stated({"X-Acting-User": "x" * 100, "X-Change-Note": quote("é" * 500)}) == {
        "actingUser": "x" * 100,
        "changeNote": "é" * 500,
    }
    for header, longest in (("X-Acting-User", 100), ("X-Change-Note", 500)):
        with pytest.raises(ValidationError, match=f"{header} must be 1 to {longest} characters"):
            stated({header: quote("é" * (longest + 1))})


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "%20", "%E2%80%8B", "%", "%4", "%4g", "100%", "%C3", "%FF%FE", "%C0%80", "%ED%A0%BD", "Zoë", "a\tb"),
        *("%00", "a%0Ab", "a%7Fb", "a%C2%85b", "a%E2%80%A8b", "a%EF%BF%BDb", "a%EF%BF%BFb"),
        *(quote(f"a{character}b") for character in "\u061c\u200e\u200f\u202a\u202e\u2066\u2069"),
        # Also where they would be taken away as blanks.
        *(quote("a\u200f"), quote("\u2028a")),
    ],
)
@pytest.mark.parametrize("header", ["X-Acting-User", "X-Change-Note"])
def test_what_is_no_text_or_would_mislead_is_refused_by_the_name_of_its_header(stated, header, value):
    with pytest.raises(ValidationError, match=f"^{header} must be"):
        stated({header: value})
