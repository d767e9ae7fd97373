"""Files with keys in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_secret(file: Path, content: object) -> None:
    """Write JSON that only the owner may read, whole or not at all."""
    write_secret_text(file, json.dumps(content, indent=2) + "\n")


def write_secret_text(file: Path, text: str) -> None:
    """Write a text that only the owner may read, whole or not at all."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
