"""The edge to SQS."""

from __future__ import annotations

import json
import threading

import pytest

from common.batch import InvalidMessage, check_version, for_each_message
from common.dead_letters import DeadLetterQueue
from common.log import logger


def content(name, product="p-1", at="1"):
    return {"changeId": name, "productId": product, "requestId": f"r-{name}", "requestedAt": at}


def read(body):
    if body == "broken reader":
        raise RuntimeError("cause")
    if body == "invalid":
        raise InvalidMessage("schemaVersion: must be 1")
    return json.loads(body)


@pytest.fixture
def take_in(sqs_event, lambda_context, sqs, dead_letter_queue_url):
    """Return what takes in a batch and returns, of its messages, the numbers of those that go back."""

    def take_in(*bodies, apply):
        event = sqs_event(*bodies)
        answer = for_each_message(
            event,
            lambda_context,
            read=read,
            apply=apply,
            too_early=TooEarly,
            dead_letters=DeadLetterQueue(sqs, dead_letter_queue_url),
        )
        assert set(answer) == {"batchItemFailures"}
        identifiers = [message["messageId"] for message in event["Records"]]
        return [identifiers.index(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    return take_in


class TooEarly(Exception):
    """Says of a message that it can't be taken in yet."""


def fail(*names, error=ValueError):
    def apply(taken):
        if taken["changeId"] in names:
            raise error

    return apply


def test_every_message_is_taken_in(take_in):
    taken = []
    batch = [content("a"), content("b"), content("c", "p-2")]

    assert take_in(*batch, apply=taken.append) == []
    assert sorted(taken, key=lambda each: each["changeId"]) == batch


def test_messages_about_one_product_are_taken_in_one_after_another_in_the_order_asked_for(take_in):
    taken, at_once = [], threading.Semaphore(1)

    def apply(each):
        assert at_once.acquire(blocking=False)
        taken.append(each["changeId"])
        at_once.release()

    assert take_in(*(content(name, at=name) for name in "cadb"), apply=apply) == []
    assert taken == ["a", "b", "c", "d"]


def test_messages_about_different_products_are_taken_in_at_the_same_time(take_in):
    meeting = threading.Barrier(10, timeout=30)

    assert take_in(*(content("a", f"p-{number}") for number in range(10)), apply=lambda _: meeting.wait()) == []


@pytest.mark.parametrize("error", [ValueError, KeyError("x"), RecursionError, MemoryError, TimeoutError, SystemExit])
def test_failed_message_alone_goes_back(take_in, error):
    batch = [content("a"), content("b"), content("c", "p-2")]
    taken = []

    def apply(each):
        fail("b", error=error)(each)
        taken.append(each["changeId"])

    assert take_in(*batch, apply=apply) == [1]
    assert sorted(taken) == ["a", "c"]


def test_what_there_is_no_time_for_goes_back_before_the_invocation_ends(take_in, lambda_context, dead_letters):
    left_ms = iter([30_000, 1_999, 1_000])
    lambda_context.get_remaining_time_in_millis = lambda: next(left_ms)
    taken = []

    assert take_in(content("a"), content("b"), "invalid", content("c"), apply=taken.append) == [1, 3]
    assert taken == [content("a")]
    assert len(dead_letters()) == 1


def test_message_whose_reading_breaks_goes_back_alone(take_in):
    assert take_in("broken reader", content("a"), apply=fail()) == [0]


def test_every_message_may_go_back_without_an_exception(take_in):
    assert take_in(content("a"), content("b"), "broken reader", apply=fail("a", "b")) == [0, 1, 2]


def test_invalid_message_goes_to_the_dead_letter_queue_at_once_with_reason_and_version(take_in, dead_letters):
    taken = []

    assert take_in("invalid", content("a"), "invalid", apply=taken.append) == []
    assert taken == [content("a")]
    letters = dead_letters()
    assert [letter.body for letter in letters] == ["invalid", "invalid"]
    assert letters[0].attributes == {"reason": "schemaVersion: must be 1", "functionVersion": "7"}


def test_invalid_message_that_cannot_be_handed_over_goes_back_alone(take_in, dead_letters, sqs, aws_fails):
    taken = []
    aws_fails(sqs, "SendMessage", times=2)

    assert take_in("invalid", content("a"), apply=taken.append) == [0]
    assert taken == [content("a")]
    assert dead_letters() == []


def test_hand_over_that_takes_long_holds_up_no_other_message(take_in, sqs, monkeypatch):
    applied = threading.Event()
    send = sqs.send_message

    def send_late(**message):
        assert applied.wait(timeout=30)
        return send(**message)

    monkeypatch.setattr(sqs, "send_message", send_late)

    assert take_in("invalid", content("a"), apply=lambda _: applied.set()) == []


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_failed_messages_are_counted_for_their_function_and_say_of_which_version(take_in, capsys, error):
    take_in(content("a"), content("b"), content("c", "p-2"), "broken reader", apply=fail("a", "c", error=error))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in lines if "_aws" in line]
    left = 4 if error is SystemExit else 3
    assert (line["FailedMessages"], line["FunctionVersion"]) == (left, "7")
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    # A version as a dimension would be a series, and a price, for each release.
    assert directive["Dimensions"] == [["Environment", "Function"]]
    assert directive["Metrics"] == [{"Name": "FailedMessages", "Unit": "Count"}]


def test_message_that_comes_too_early_goes_back_and_is_no_failure(take_in, measured):
    assert take_in(content("a"), content("b"), apply=fail("b", error=TooEarly)) == [1]
    assert measured() == []


def test_batch_that_is_taken_in_counts_no_failure(take_in, measured, dead_letters):
    assert take_in(content("a"), "invalid", apply=fail()) == []
    assert len(dead_letters()) == 1
    assert measured() == []


def test_failure_is_logged_as_an_error_with_its_ids_and_cause(take_in, logged):
    take_in(content("a"), content("b"), apply=fail("b", error=RuntimeError("cause")))

    (entry,) = logged()
    assert (entry["level"], entry["change_id"], entry["product_id"], entry["request_id"]) == (
        "ERROR",
        "b",
        "p-1",
        "r-b",
    )
    assert entry["message_id"]
    assert "RuntimeError: cause" in entry["exception"]


def test_given_up_message_is_logged_as_an_error_with_the_reason(take_in, logged):
    take_in("invalid", apply=fail())

    (entry,) = logged()
    assert (entry["level"], entry["reason"]) == ("ERROR", "schemaVersion: must be 1")
    assert entry["message_id"]


def test_log_of_each_message_bears_its_own_ids_alone(take_in, logged):
    batch = [content(str(number), f"p-{number % 4}") for number in range(10)]
    take_in(*batch, apply=lambda each: logger.info("taken", extra={"own": each["changeId"]}))

    entries = logged()
    assert len({entry["message_id"] for entry in entries}) == 10
    assert all(entry["change_id"] == entry["own"] for entry in entries)


def test_what_is_logged_later_bears_no_earlier_ids(take_in, logged):
    take_in(content("a"), "broken reader", apply=fail("a"))
    logger.info("something else")

    assert not {"message_id", "change_id", "product_id", "request_id"} & set(logged()[-1])


def test_failure_gives_nothing_of_the_message_away(take_in, logged):
    take_in({**content("a"), "name": "Secret plan"}, apply=fail("a"))

    assert len(logged()) == 1
    assert "Secret" not in repr(logged())


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_up_to_ones_own_is_read(version):
    check_version("schemaVersion", version, 3)


@pytest.mark.parametrize("version", [0, -1, "1", 1.0, True, None, [1]])
def test_what_is_no_version_is_refused(version):
    with pytest.raises(InvalidMessage, match=r"^schemaVersion: must be a whole number from 1 to 3$"):
        check_version("schemaVersion", version, 3)


def test_newer_version_is_refused_for_that_alone_with_what_to_do():
    with pytest.raises(InvalidMessage, match=r"^recordVersion: 4 is newer than 3, .* then move the message back$"):
        check_version("recordVersion", 4, 3)
