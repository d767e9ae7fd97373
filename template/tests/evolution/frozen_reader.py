"""Reads what is on standard input with the sources of a released version; a process of its own, with no other sources.

frozen_reader.py READERS < {"messages": [...], "items": [...], "records": [...]}
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime

os.environ |= {"ENVIRONMENT": "local", "LOG_LEVEL": "INFO", "AWS_LAMBDA_FUNCTION_NAME": "bbws-under-test-local"}
sys.path.insert(0, sys.argv[1])

import audit_record
import change_message
from common.attribute_values import from_item, to_item
from common.batch import InvalidMessage
from common.canonical import canonical_json
from common.head import Head


def change(message: str) -> object:
    """Return the change that a message holds, or why it holds none."""
    asked_at = datetime.fromisoformat(json.loads(message)["requestedAt"]).astimezone(UTC)
    try:
        return change_message.read(message, asked_at)
    except InvalidMessage as error:
        return str(error)


def stored_again(item: dict[str, object]) -> object:
    """Return a head as it is after it was read and stored again."""
    attributes = from_item(item)  # type: ignore[arg-type]
    key = {name: attributes[name] for name in ("PK", "SK")}
    return to_item({**key, **Head.from_attributes(attributes).attributes(str(attributes["productId"]))})


def archived(record: str) -> str:
    """Return what the audit trail would hold of a record."""
    return canonical_json(audit_record.read(record)).decode()


given = json.load(sys.stdin)
json.dump(
    {
        "changes": [change(message) for message in given.get("messages", [])],
        "items": [stored_again(item) for item in given.get("items", [])],
        "objects": [archived(record) for record in given.get("records", [])],
    },
    sys.stdout,
)
