"""How a finding is shown."""

from __future__ import annotations

import pytest

from audit_verification.findings import Finding, Kind, printable


def test_finding_names_kind_product_sequence_and_object() -> None:
    finding = Finding(Kind.WRONG_HASH, "product-1", 7, "2026/11/22/key.json", "is wrong")
    assert str(finding) == "WrongHash: product product-1, sequence 7, 2026/11/22/key.json: is wrong"


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\x00", "\ud800", "\u202e", "\x9b"])
def test_what_steers_a_terminal_or_cannot_be_written_is_escaped(character: str) -> None:
    shown = str(Finding(Kind.NOT_A_RECORD, None, None, f"a{character}b", f"c{character}d"))
    assert shown.isprintable()
    assert shown.isascii()


def test_other_characters_stay() -> None:
    assert printable("größe 漢字 🚀") == "größe 漢字 🚀"
