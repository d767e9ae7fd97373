"""How scripts say things."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number of things in words, such as ``1 message`` and ``2,000 messages``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
