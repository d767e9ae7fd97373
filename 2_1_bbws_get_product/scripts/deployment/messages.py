"""Which messages a package sends and reads, and up to which version of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What was published before versions were written down is of the first.
UNKNOWN = 1

_PART = re.compile(r"\b(reads|sends) ([a-z]+) ([0-9]+)\b")


@dataclass(frozen=True)
class Messages:
    """The newest version of each kind of message that a package reads and sends, such as ``{"change": 1}``."""

    reads: Mapping[str, int] = field(default_factory=dict)
    sends: Mapping[str, int] = field(default_factory=dict)

    def newest_read(self, kind: str) -> int:
        """Return the newest version of a kind that the package reads."""
        return self.reads.get(kind, UNKNOWN)

    def newest_sent(self, kind: str) -> int:
        """Return the newest version of a kind that the package sends."""
        return self.sends.get(kind, UNKNOWN)

    def __str__(self) -> str:
        """Return it as a published version's description says it, such as ``reads change 1, sends record 1``."""
        parts = [("reads", *part) for part in sorted(self.reads.items())]
        parts += [("sends", *part) for part in sorted(self.sends.items())]
        return ", ".join(f"{verb} {kind} {version}" for verb, kind, version in parts)


def said_in(description: str) -> Messages:
    """Return what a published version's description says; nothing if it is from before that was written down."""
    found: dict[str, dict[str, int]] = {"reads": {}, "sends": {}}
    for verb, kind, version in _PART.findall(description):
        found[verb][kind] = int(version)
    return Messages(**found)


def described_as(text: str, messages: Messages) -> str:
    """Return the description of a version: some text, and what its package reads and sends."""
    return "; ".join(filter(None, [text, str(messages)]))
