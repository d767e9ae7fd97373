"""The ranges of characters in `common.text`, held to Unicode's own properties (the package regex)."""

from __future__ import annotations

import sys

import regex

from local.layout import ROOT

sys.path.append(str(ROOT / "template" / "function" / "src"))

from common import text

MARKS_OF_DIRECTION = {"\u061c", "\u200e", "\u200f"}


def having(pattern: str) -> set[str]:
    """Return the characters that have a property."""
    return {character for character in map(chr, range(0x110000)) if regex.fullmatch(pattern, character)}


def fitting(pattern: text.re.Pattern[str]) -> set[str]:
    """Return the characters that one of our ranges holds."""
    return {character for character in map(chr, range(0x110000)) if pattern.fullmatch(character)}


def test_ignored_are_the_default_ignorable_code_points() -> None:
    assert fitting(text._IGNORED) == having(r"\p{Default_Ignorable_Code_Point}")


def test_refused_are_the_line_separators_and_the_bidirectional_controls_but_for_the_marks() -> None:
    refused = having(r"\p{Bidi_Control}") - MARKS_OF_DIRECTION | {"\u2028", "\u2029"}
    assert fitting(text._TURNS_OR_BREAKS_LINES) == refused


def test_whatever_turns_the_direction_is_ignored_in_a_name_from_before() -> None:
    assert having(r"\p{Bidi_Control}") <= fitting(text._IGNORED)
