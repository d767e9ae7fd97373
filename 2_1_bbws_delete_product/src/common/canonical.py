"""Canonical JSON: one text for one value, so that anyone can compute the hash of a change record again."""

from __future__ import annotations

import hashlib
import json


def canonical_json(value: object) -> bytes:
    """Return a value as JSON with sorted keys, no white space, UTF-8, non-ASCII unescaped.

    Raises
    ------
    TypeError
        The value holds something that isn't JSON's, or a float, whose text differs between languages.
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def canonical_hash(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical form")
    if isinstance(value, dict):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _refuse_floats(part)
