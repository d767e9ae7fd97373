"""Objects of the audit trail: each is the one record that its key says, as canonical JSON that bears its own hash."""

from __future__ import annotations

import json
from typing import NamedTuple, cast

from audit_verification.chains import Link
from audit_verification.findings import Finding, Kind
from common import audit_key
from common.canonical import canonical_json
from common.change_record import RECORD_ATTRIBUTES, RECORD_VERSION, ChangeRecord, is_read, record_hash

# A message on the audit queue, which is how every record comes here, has at most this many bytes.
# Source: Amazon SQS message quotas.
LARGEST_RECORD = 1024 * 1024


class Examined(NamedTuple):
    """What an object turned out to be.

    Parameters
    ----------
    product_id : str or None
        Whose chain it is in; ``None`` if it is in none.
    link : Link or None
        Its place in that chain.
    findings : tuple of Finding
        What is wrong with it.
    """

    product_id: str | None
    link: Link | None
    findings: tuple[Finding, ...]


class _NotARecord(Exception):
    """The content is no change record; the exception says why."""


def unknown(key: str, *findings: Finding) -> Examined:
    """Return an object whose content isn't known: it takes the place in the chain that its key says."""
    place = audit_key.read(key)
    if place is None:
        return Examined(None, None, findings)
    return Examined(place.product_id, Link(place.sequence, key), findings)


def examine(key: str, content: bytes) -> Examined:
    """Return what is wrong with an object by itself, and its place in the chain.

    An object whose content isn't what its key says takes the key's place, its content none: what is wrong with it is
    found once.
    """
    place = audit_key.read(key)
    try:
        record = _record(content)
        own_hash = _own_hash(record)
    except _NotARecord as problem:
        return unknown(key, _finding(Kind.NOT_A_RECORD, key, place, str(problem)))
    told = audit_key.AuditKey.of(record)
    findings = []
    if record["hash"] != own_hash:
        message = f"hash is {record['hash']}, that of the content is {own_hash}"
        findings.append(_finding(Kind.WRONG_HASH, key, place or told, message))
    elif content != canonical_json(record):
        message = "is not the record as canonical JSON: an attribute comes twice, or it was written otherwise"
        findings.append(_finding(Kind.NOT_CANONICAL, key, place or told, message))
    if place is None or told != place:
        message = f"holds sequence {told.sequence} of product {told.product_id}, applied at {told.applied_at}"
        return unknown(key, *findings, _finding(Kind.WRONG_KEY, key, place or told, message))
    link = Link(place.sequence, key, record["hash"], record["previousHash"])
    return Examined(place.product_id, link, tuple(findings))


def _finding(kind: Kind, key: str, place: audit_key.AuditKey | None, message: str) -> Finding:
    return Finding(kind, place and place.product_id, place and place.sequence, key, message)


def _record(content: bytes) -> ChangeRecord:
    if len(content) > LARGEST_RECORD:
        raise _NotARecord(f"has more than {LARGEST_RECORD:,} bytes")
    try:
        values = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise _NotARecord(f"is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise _NotARecord("is no JSON object")
    if not is_read(values.get("recordVersion")):
        raise _NotARecord(f"recordVersion: must be a whole number from 1 to {RECORD_VERSION}")
    lacking = [name for name in RECORD_ATTRIBUTES if name not in values]
    if lacking:
        raise _NotARecord(f"{', '.join(lacking)}: must be there")
    for name in ("productId", "appliedAt", "hash"):
        if not isinstance(values[name], str):
            raise _NotARecord(f"{name}: must be text")
    if not isinstance(values["previousHash"], str | None):
        raise _NotARecord("previousHash: must be text or null")
    # In JSON, true is no number.
    if not isinstance(values["sequence"], int) or isinstance(values["sequence"], bool):
        raise _NotARecord("sequence: must be a whole number")
    return cast("ChangeRecord", values)


def _own_hash(record: ChangeRecord) -> str:
    try:
        return record_hash(record)
    except (TypeError, ValueError, RecursionError) as error:
        raise _NotARecord(f"has no hash: {error}") from None
