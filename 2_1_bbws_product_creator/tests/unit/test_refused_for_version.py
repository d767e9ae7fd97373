"""What scripts/replay_dlq.py says of a message that the function refused for its version alone."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from functools import partial

import pytest

import replay_dlq
from common.batch import InvalidMessage
from deployment import function_name
from operations.queue_browser import Message

ATTRIBUTE = {"product-creator": "schemaVersion", "audit-logger": "recordVersion"}[function_name.name()]


def refusal(body: str) -> str:
    """Return the reason for which the function refuses a message."""
    if ATTRIBUTE == "schemaVersion":
        read = partial(importlib.import_module("change_message").read, now=datetime.now(UTC))
    else:
        read = importlib.import_module("audit_record").read
    with pytest.raises(InvalidMessage) as refused:
        read(body)
    return str(refused.value)


def remedy(body: str, **attributes: str) -> str | None:
    """Return what the script says is to be done about a message on the dead-letter queue."""
    message = Message("id", body, "", sent_ms=1_795_351_258_000, received=1, attributes=attributes)
    return dict(replay_dlq.description(message, "dev")).get("remedy")


def test_newer_message_is_said_to_be_moved_back_once_it_is_read() -> None:
    body = json.dumps({ATTRIBUTE: 99})

    said = str(remedy(body, reason=refusal(body)))

    assert "roll the function forward to a version that reads it, then move it back" in said


def test_message_that_a_version_from_before_refused_counts_too() -> None:
    assert remedy(json.dumps({ATTRIBUTE: 2}), reason=f"{ATTRIBUTE}: must be 1")


@pytest.mark.parametrize(
    "content", [{}, {ATTRIBUTE: "2"}, {ATTRIBUTE: True}, {ATTRIBUTE: 0}, {ATTRIBUTE: None}, [], {ATTRIBUTE: 1}]
)
def test_nothing_is_promised_of_any_other_message(content: object) -> None:
    body = json.dumps(content)

    assert remedy(body, reason=refusal(body)) is None


def test_nothing_is_promised_of_a_message_that_failed_three_times() -> None:
    assert remedy(json.dumps({ATTRIBUTE: 99})) is None
