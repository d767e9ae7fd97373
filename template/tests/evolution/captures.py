"""What released versions sent and stored, byte for byte, and the readers that they released.

    released/1/messages.json   bodies of messages on the change queue
    released/1/items.json      heads in the table, in DynamoDB's JSON, after each message
    released/1/records.json    bodies of messages on the audit queue
    released/1/objects.json    audit objects, by key
    released/1/readers.zip     the sources that read all these

They are never edited. A release that adds to what is sent or stored gets a folder of its own (capture.py); the newest
three count.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from common.attribute_values import from_item

RELEASED = Path(__file__).resolve().parent / "released"

VERSIONS = sorted(int(folder.name) for folder in RELEASED.iterdir() if folder.name.isdigit())[-3:]


def read(version: int, name: str) -> Any:
    """Return what a file of a version holds."""
    return json.loads((RELEASED / str(version) / f"{name}.json").read_text(encoding="utf-8"))


def messages(version: int) -> list[str]:
    """Return the bodies of messages on the change queue."""
    return cast("list[str]", read(version, "messages"))


def items(version: int) -> list[dict[str, Any]]:
    """Return the attributes of heads in the table."""
    return [from_item(item) for item in read(version, "items")]


def records(version: int) -> list[str]:
    """Return the bodies of messages on the audit queue."""
    return cast("list[str]", read(version, "records"))


def objects(version: int) -> dict[str, str]:
    """Return the content of audit objects by key."""
    return cast("dict[str, str]", read(version, "objects"))


def readers(version: int) -> Path:
    """Return the sources that were released, as an archive that Python imports from."""
    return RELEASED / str(version) / "readers.zip"
