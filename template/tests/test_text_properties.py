"""The ranges of characters in `common.text`, held to Unicode's own properties (the package regex)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import regex

from local.layout import ROOT

sys.path.append(str(ROOT / "template" / "function" / "src"))

from common import text

if TYPE_CHECKING:
    from pathlib import Path

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


# Prints the version of Unicode, and a digest of what folding makes of every character: alone, among marks (where its
# class shows), and of its parts.
FINGERPRINT = """
import hashlib, unicodedata
from common.text import fold

digest = hashlib.sha256()
for number in (*range(0xD800), *range(0xE000, 0x110000)):
    character = chr(number)
    for text in (character, f"\\u035d{character}\\u0334", unicodedata.normalize("NFD", character)):
        if fold(text) != text:
            digest.update(f"{text}\\0{fold(text)}\\0".encode())
print(unicodedata.unidata_version, digest.hexdigest())
"""
FOLDED_BY_UNICODE_14 = "8ee66396a2dda9d4ab4052fdf1319c8b5525dfc8864074e5e807289182acabd2"


@pytest.mark.parametrize("python", ["this one", *(f"python3.{minor}" for minor in range(11, 20))])
def test_names_are_folded_the_same_by_every_python(python: str, tmp_path: Path) -> None:
    """A Python whose Unicode has more characters that folding would change must be told of them (`_YOUNGER`)."""
    found = sys.executable if python == "this one" else shutil.which(python)
    if found is None:
        pytest.skip(f"there is no {python} here")
    done = subprocess.run(
        [found, "-c", FINGERPRINT],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "template" / "function" / "src"),
            "PYTHONPYCACHEPREFIX": str(tmp_path),
        },
    )
    if python != "this one" and "command not found" in done.stderr:
        pytest.skip(f"{python} is not set up: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr

    version, folded = done.stdout.split()
    assert folded == FOLDED_BY_UNICODE_14, f"Unicode {version}"
