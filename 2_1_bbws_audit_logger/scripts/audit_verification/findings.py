"""Findings: what is wrong with an audit trail, and where."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What is wrong."""

    NOT_A_RECORD = "NotARecord"
    WRONG_KEY = "WrongKey"
    WRONG_HASH = "WrongHash"
    NOT_CANONICAL = "NotCanonical"
    WRITTEN_OVER = "WrittenOver"
    REMOVED = "Removed"
    MISSING = "Missing"
    SAME_SEQUENCE = "SameSequence"
    BROKEN_LINK = "BrokenLink"
    AHEAD_OF_TABLE = "AheadOfTable"
    OTHER_THAN_TABLE = "OtherThanTable"


class Finding(NamedTuple):
    """One thing that is wrong.

    Parameters
    ----------
    kind : Kind
        What is wrong.
    product_id : str or None
        Whose chain it is in; ``None`` where the object tells no product.
    sequence : int or None
        The record it is about, or the first of several.
    key : str
        The object; where there is none, a pattern of its key.
    message : str
        What exactly is wrong.
    """

    kind: Kind
    product_id: str | None
    sequence: int | None
    key: str
    message: str

    def __str__(self) -> str:
        product = self.product_id or "unknown"
        sequence = "unknown" if self.sequence is None else self.sequence
        return printable(f"{self.kind}: product {product}, sequence {sequence}, {self.key}: {self.message}")


def printable(text: str) -> str:
    """Return a text with what would steer a terminal, or can't be written, escaped: anyone can have made a key."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
