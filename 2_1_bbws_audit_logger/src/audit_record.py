"""Reading the audit queue: a message is a change record that bears the right hash, or it says why not."""

from __future__ import annotations

import json
from typing import cast

from common import timestamps
from common.change_record import RECORD_ATTRIBUTES, RECORD_VERSION, ChangeRecord, record_hash
from common.product import is_product_id


class InvalidRecord(Exception):
    """The message can never be written to the audit trail; the exception says why."""


def read(body: str) -> ChangeRecord:
    """Return the change record that a message holds.

    Raises
    ------
    InvalidRecord
        The body is no JSON, of another record version, lacks an attribute, or its hash isn't its own: what is
        written once and for years must be right.
    """
    try:
        values = json.loads(body)
    except ValueError as error:
        raise InvalidRecord(f"the body is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise InvalidRecord("the body is no JSON object")
    if values.get("recordVersion") != RECORD_VERSION:
        raise InvalidRecord(f"recordVersion: must be {RECORD_VERSION}")
    missing = [name for name in RECORD_ATTRIBUTES if name not in values]
    if missing:
        raise InvalidRecord(f"{', '.join(missing)}: must be there")
    _check_key_parts(values)
    try:
        own_hash = record_hash(values)
    except TypeError as error:
        raise InvalidRecord(f"hash: {error}") from None
    if values["hash"] != own_hash:
        raise InvalidRecord("hash: is not the record's own")
    return cast("ChangeRecord", values)


def _check_key_parts(values: dict[str, object]) -> None:
    """Check what the object's key is made of."""
    sequence = values["sequence"]
    if not isinstance(sequence, int) or sequence < 1:
        raise InvalidRecord("sequence: must be a whole number from 1")
    if not is_product_id(str(values["productId"])):
        raise InvalidRecord("productId: must be a UUID")
    try:
        timestamps.from_text(str(values["appliedAt"]))
    except ValueError as error:
        raise InvalidRecord(f"appliedAt: {error}") from None


def object_key(record: ChangeRecord) -> str:
    """Return where the audit trail keeps a record: under its day, so that a day can be listed."""
    applied_at = record["appliedAt"]
    day = applied_at[:10].replace("-", "/")
    return f"{day}/{record['productId']}_{applied_at}_{record['sequence']}.json"
