"""Fingerprints of files, to tell whether anything changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from local.layout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def fingerprint_of(files: Iterable[Path], *texts: str) -> str:
    """Return the SHA-256 (hex) of files, by path and content in any order, and of texts.

    Parameters
    ----------
    files
        Files in this tree.
    texts
        Whatever else counts.
    """
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        for part in (path.relative_to(ROOT).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    for text in texts:
        digest.update(len(text.encode()).to_bytes(8, "big") + text.encode())
    return digest.hexdigest()
