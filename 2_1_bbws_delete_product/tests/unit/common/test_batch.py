"""The edge to SQS."""

from __future__ import annotations

import pytest

from common.batch import for_each_message
from common.log import logger


def identifiers(answer):
    assert set(answer) == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def refuse(*bodies, error=ValueError):
    def apply(body):
        if body in bodies:
            raise error

    return apply


def test_every_message_is_taken_in_order(sqs_event):
    taken = []

    answer = for_each_message(sqs_event("a", "b", "c"), taken.append)

    assert taken == ["a", "b", "c"]
    assert identifiers(answer) == []


@pytest.mark.parametrize("error", [ValueError, KeyError("x"), RecursionError, MemoryError, TimeoutError])
def test_failed_message_alone_goes_back(sqs_event, error):
    event = sqs_event("a", "b", "c")
    taken = []

    def apply(body):
        refuse("b", error=error)(body)
        taken.append(body)

    assert identifiers(for_each_message(event, apply)) == [event["Records"][1]["messageId"]]
    assert taken == ["a", "c"]


def test_every_message_may_go_back_without_an_exception(sqs_event):
    event = sqs_event("a", "b")

    assert identifiers(for_each_message(event, refuse("a", "b"))) == [
        message["messageId"] for message in event["Records"]
    ]


def test_failure_is_logged_as_an_error_with_message_id_and_cause(sqs_event, logged):
    event = sqs_event("a", "b")

    for_each_message(event, refuse("b", error=RuntimeError("cause")))

    (entry,) = logged()
    assert entry["level"] == "ERROR"
    assert entry["message_id"] == event["Records"][1]["messageId"]
    assert "RuntimeError: cause" in entry["exception"]


def test_what_is_logged_later_bears_no_earlier_message_id(sqs_event, logged):
    for_each_message(sqs_event("a"), refuse("a"))
    logger.info("something else")

    assert "message_id" not in logged()[-1]


def test_failure_gives_nothing_of_the_message_away(sqs_event, logged):
    for_each_message(sqs_event({"name": "Secret plan"}), refuse('{"name": "Secret plan"}'))

    assert len(logged()) == 1
    assert "Secret" not in repr(logged())
