"""Handing messages over to the dead-letter queue."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from common.dead_letters import DeadLetterQueue


@pytest.fixture
def queue(sqs, dead_letter_queue_url):
    return DeadLetterQueue(sqs, dead_letter_queue_url)


@pytest.mark.parametrize("body", ["no JSON", '{"name": "Wörd  Press \U0001f680"}', " \t\n"])
def test_message_is_kept_as_it_is_with_why_and_for_which_version(queue, dead_letters, body):
    queue.send(body, reason="schemaVersion: must be 1", function_version="7")

    (letter,) = dead_letters()
    assert letter.body == body
    assert letter.attributes == {"reason": "schemaVersion: must be 1", "functionVersion": "7"}


def test_reason_that_sqs_would_refuse_is_made_fit(queue, dead_letters):
    queue.send("body", reason="fields.a\x00\ud800é: " + "long " * 10_000, function_version="7")

    (letter,) = dead_letters()
    assert letter.attributes["reason"].startswith("fields.a\ufffd\ufffdé: long")
    assert len(letter.attributes["reason"]) == 1000


def test_failure_to_hand_over_is_raised(queue, sqs, aws_fails, dead_letters):
    aws_fails(sqs, "SendMessage", times=2)

    with pytest.raises(ClientError):
        queue.send("body", reason="why", function_version="7")
    assert dead_letters() == []
