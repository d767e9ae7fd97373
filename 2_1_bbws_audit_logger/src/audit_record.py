"""Reading the audit queue: a message is a change record that bears the right hash, or it says why not."""

from __future__ import annotations

import json
from typing import cast

from common import timestamps
from common.batch import InvalidMessage, check_version
from common.change_record import HIGHEST_SEQUENCE, RECORD_ATTRIBUTES, RECORD_VERSION, ChangeRecord, record_hash
from common.product import is_product_id


def read(body: str) -> ChangeRecord:
    """Return the change record that a message holds.

    Raises
    ------
    InvalidMessage
        The body is no JSON, of a newer record version, lacks an attribute, or its hash isn't its own: what is written
        once and for years must be right.
    """
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(f"the body is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise InvalidMessage("the body is no JSON object")
    check_version("recordVersion", values.get("recordVersion"), RECORD_VERSION)
    missing = [name for name in RECORD_ATTRIBUTES if name not in values]
    if missing:
        raise InvalidMessage(f"{', '.join(missing)}: must be there")
    _check_parts(values)
    try:
        own_hash = record_hash(values)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidMessage(f"hash: {error}") from None
    if values["hash"] != own_hash:
        raise InvalidMessage("hash: is not the record's own")
    return cast("ChangeRecord", values)


def _check_parts(values: dict[str, object]) -> None:
    """Check what the object's key is made of, and what orders records in a batch."""
    sequence = values["sequence"]
    # For Python, true is 1.
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 1 <= sequence <= HIGHEST_SEQUENCE:
        raise InvalidMessage(f"sequence: must be a whole number from 1 to {HIGHEST_SEQUENCE}")
    if not is_product_id(str(values["productId"])):
        raise InvalidMessage("productId: must be a UUID")
    for name in ("appliedAt", "requestedAt"):
        try:
            timestamps.from_text(str(values[name]))
        except ValueError as error:
            raise InvalidMessage(f"{name}: {error}") from None
