"""What scripts/replay_dlq.py shows and moves, on moto, in the account of the environment that it is called for."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import moto.sqs.models
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

import replay_dlq
from deployment import function_name, terraform
from operations import queue_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCOUNTS = {environment: terraform.account_id(environment) for environment in terraform.environments()}
QUEUE = {"product-creator": "change", "audit-logger": "audit"}[function_name.name()]

WAIT_SECONDS = queue_browser.WAIT_SECONDS
# Reading what botocore knows of AWS takes longer than most of these tests.
LOADER = boto3.Session()._loader

UPDATE = {
    "schemaVersion": 1,
    "changeId": "0b0f9a52-6d51-4d0c-8f8a-6f5a1f1f9d10",
    "changeType": "UPDATE",
    "productId": "5f0c7b57-9d2a-4a39-8d5d-1f6f6d1f4c11",
    "fields": {"name": "Größer – 大きい 🐗", "price": "299.99"},
}


class Queues:
    """The source queue and the dead-letter queue of an environment."""

    def __init__(self, environment: str = "dev", region: str = "eu-west-1") -> None:
        self.client = boto3.client("sqs", region_name=region)
        self.source, self.dead_letters = (
            self.client.create_queue(QueueName=f"bbws-product-{name}-{environment}")["QueueUrl"]
            for name in (QUEUE, f"{QUEUE}-dlq")
        )

    def give_up(self, body: str, **attributes: str) -> str:
        """Put a message on the dead-letter queue and return its id."""
        return str(
            self.client.send_message(
                QueueUrl=self.dead_letters,
                MessageBody=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )["MessageId"]
        )

    def give_up_many(self, number: int) -> list[str]:
        """Put ``message 0``, ``message 1`` … on the dead-letter queue and return their ids."""
        sent = {}
        for numbers in queue_browser.in_batches(range(number)):
            entries: Any = [{"Id": str(index), "MessageBody": f"message {index}"} for index in numbers]
            answer = self.client.send_message_batch(QueueUrl=self.dead_letters, Entries=entries)
            sent |= {int(entry["Id"]): entry["MessageId"] for entry in answer["Successful"]}
        return [sent[index] for index in range(number)]

    def held_elsewhere(self) -> str:
        """Let another reader receive one message of the dead-letter queue and return its id."""
        (message,) = self.client.receive_message(QueueUrl=self.dead_letters, VisibilityTimeout=600)["Messages"]
        return str(message["MessageId"])

    def visible_on(self, url: str) -> list[Any]:
        """Return every message that a reader of a queue gets now, and leave it there."""
        found = []
        while received := self.client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            found += received
        for messages in queue_browser.in_batches(found):
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
                for number, message in enumerate(messages)
            ]
            self.client.change_message_visibility_batch(QueueUrl=url, Entries=entries)
        return found

    def bodies_on(self, url: str) -> list[str]:
        return sorted(message["Body"] for message in self.visible_on(url))


@pytest.fixture
def signed_in(empty_aws: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that gives clients the credentials of another account."""

    def sign_in(account: str) -> None:
        session = botocore.session.Session()
        session.register_component("data_loader", LOADER)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session(botocore_session=session))
        role = f"arn:aws:iam::{account}:role/operator"
        granted = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        session.set_credentials(granted["AccessKeyId"], granted["SecretAccessKey"], granted["SessionToken"])

    return sign_in


@pytest.fixture
def dev(signed_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Queues:
    """The queues of dev, empty; nobody waits for messages to come."""
    monkeypatch.setattr(queue_browser, "WAIT_SECONDS", 0)
    signed_in(ACCOUNTS["dev"])
    return Queues()


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs the script with a command line and returns its exit status."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["replay_dlq.py", *arguments])
        try:
            return replay_dlq.main()
        except SystemExit as end:
            if isinstance(end.code, int):
                return end.code
            # What the interpreter does with a text.
            print(end.code, file=sys.stderr)
            return 1

    return run


@pytest.fixture
def clients_to_come() -> Any:
    """What `aws_fails` takes for a client: the clients of SQS that the script makes get the same event handlers."""
    service = SimpleNamespace(service_name="sqs")
    return SimpleNamespace(meta=SimpleNamespace(events=boto3.DEFAULT_SESSION.events, service_model=service))


@pytest.fixture
def on_call(clients_to_come: Any) -> Callable[[str, Callable[..., Any]], None]:
    """Return a function that puts itself between the script's clients and AWS for one operation.

    ``on_call("SendMessageBatch", act)`` calls ``act(asked, pass_on)`` with what is asked for; `pass_on` lets AWS do it
    and returns the answer. What `act` returns is the answer: a dict or what `pass_on` returned.
    """
    acts: dict[str, Callable[..., Any]] = {}

    def answer(event_name: str, request: Any, **more: Any) -> Any:
        def pass_on() -> Any:
            return botocore_stubber(event_name, request, **more)

        operation = event_name.rpartition(".")[2]
        if operation not in acts:
            return pass_on()
        answered = acts[operation](json.loads(request.body), pass_on)
        if not isinstance(answered, dict):
            return answered
        return AWSResponse(request.url, 200, {}, MockRawResponse(json.dumps(answered)))  # type: ignore[arg-type]

    clients_to_come.meta.events.unregister("before-send", botocore_stubber)
    clients_to_come.meta.events.register("before-send", answer)
    return acts.__setitem__


def blocks(output: str) -> dict[str, dict[str, str]]:
    """Return what the script says of each message: the texts by label, by message id."""
    found = {}
    for block in output.split("\n\n")[1:]:
        first, *lines = block.splitlines()
        if lines and lines[0].startswith("    "):
            found[first] = dict(line.split(maxsplit=1) for line in lines)
    return found


def moto_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let SQS believe that it is another time, in seconds since 1970."""
    monkeypatch.setattr(moto.sqs.models, "unix_time_millis", lambda: seconds * 1000)


# Showing


def test_shows_why_the_function_gave_a_message_up(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    message_id = dev.give_up(
        json.dumps(UPDATE, ensure_ascii=False), reason="fields.price: is too high", functionVersion="7"
    )

    assert replay("dev", "show") == 0

    shown = blocks(capsys.readouterr().out)[message_id]
    assert shown["why"] == f"fields.price: is too high ({function_name.name()}, version 7)"
    assert shown["changeType"] == "UPDATE"
    assert shown["changeId"] == UPDATE["changeId"]
    assert shown["productId"] == UPDATE["productId"]


def test_shows_that_a_message_without_a_reason_failed_three_times_and_where_to_look(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    message_id = dev.give_up(json.dumps(UPDATE))

    assert replay("dev", "show") == 0

    why = blocks(capsys.readouterr().out)[message_id]["why"]
    assert why.startswith("delivered 5 times and failed each time; see the log ")
    assert f"/aws/lambda/bbws-{function_name.name()}-dev " in why
    assert why.endswith(message_id)


def test_shows_when_a_message_was_sent_and_how_often_received(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = int(time.time()) - 3600.75
    with monkeypatch.context() as past:
        moto_clock(past, sent)
        message_id = dev.give_up("{}")
    dev.visible_on(dev.dead_letters)

    replay("dev", "show")

    shown = blocks(capsys.readouterr().out)[message_id]
    assert shown["sent"] == time.strftime("%Y-%m-%dT%H:%M:%S.250Z", time.gmtime(sent))
    assert shown["received"] == "2 times, this look included"


@pytest.mark.parametrize("body", ["no JSON", "[1, 2]", '"text"', "{}", "[" * 100_000])
def test_shows_the_beginning_of_a_body_that_names_no_change(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], body: str
) -> None:
    message_id = dev.give_up(body)

    assert replay("dev", "show") == 0

    shown = blocks(capsys.readouterr().out)[message_id]["body"]
    assert shown.startswith(body[:300])
    assert len(shown) <= 301


@pytest.mark.parametrize(
    ("body", "label", "shown"),
    [
        ("red \x9b31m and\nmore", "body", r"red \x9b31m and\nmore"),
        (json.dumps({"changeId": "\x1b[31mred\n"}), "changeId", r"\x1b[31mred\n"),
        (json.dumps({"productId": ["\x1b"]}), "productId", r'["\u001b"]'),
    ],
)
def test_text_of_a_message_cannot_command_the_terminal(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], body: str, label: str, shown: str
) -> None:
    message_id = dev.give_up(body)

    replay("dev", "show")

    assert blocks(capsys.readouterr().out)[message_id][label] == shown


def test_shows_what_was_sent_first_at_the_top(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for seconds_ago in (10, 30, 20):
        with monkeypatch.context() as past:
            moto_clock(past, time.time() - seconds_ago)
            ids.append(dev.give_up("{}"))

    replay("dev", "show")

    assert list(blocks(capsys.readouterr().out)) == [ids[1], ids[2], ids[0]]


def test_shows_every_message_once_and_leaves_all_visible(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    ids = dev.give_up_many(37)

    assert replay("dev", "show") == 0

    output = capsys.readouterr().out
    assert output.startswith(f"bbws-product-{QUEUE}-dlq-dev: 37 messages\n")
    assert sorted(blocks(output)) == sorted(ids)
    assert len(dev.visible_on(dev.dead_letters)) == 37


def test_shows_a_message_once_that_comes_back_in_the_middle(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_browser, "HOLD_SECONDS", 0)
    ids = dev.give_up_many(3)

    assert replay("dev", "show") == 0

    output = capsys.readouterr().out
    assert output.startswith(f"bbws-product-{QUEUE}-dlq-dev: 3 messages\n")
    assert sorted(blocks(output)) == sorted(ids)


def test_shows_no_more_than_the_limit_and_says_that_there_are_more(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    dev.give_up_many(25)

    assert replay("dev", "show", "--limit", "12") == 0

    output = capsys.readouterr().out
    assert f"bbws-product-{QUEUE}-dlq-dev: 12 of about 25 messages; --limit shows more" in output
    assert len(blocks(output)) == 12
    assert len(dev.visible_on(dev.dead_letters)) == 25


def test_shows_all_where_they_are_as_many_as_the_limit(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    dev.give_up_many(10)

    replay("dev", "show", "--limit", "10")

    assert f"bbws-product-{QUEUE}-dlq-dev: 10 messages\n" in capsys.readouterr().out


def test_shows_that_the_queue_is_empty(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay("dev", "show") == 0
    assert capsys.readouterr().out == f"bbws-product-{QUEUE}-dlq-dev: 0 messages\n"


def test_says_how_many_messages_another_reader_holds(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    ids = dev.give_up_many(2)
    held = dev.held_elsewhere()

    assert replay("dev", "show") == 0

    output = capsys.readouterr().out
    assert set(blocks(output)) == set(ids) - {held}
    assert "held by another reader and left alone: about 1 message\n" in output


def test_says_that_messages_were_counted_but_not_found(
    dev: Queues,
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    on_call: Callable[..., None],
) -> None:
    dev.give_up_many(3)

    def another_reader_is_quicker(asked: Any, pass_on: Callable[[], Any]) -> Any:
        counts = pass_on()
        dev.held_elsewhere()
        return counts

    on_call("GetQueueAttributes", another_reader_is_quicker)

    assert replay("dev", "show") == 0

    output = capsys.readouterr().out
    assert len(blocks(output)) == 2
    assert "counted by SQS but not found: about 1 message; run it again\n" in output


def test_looks_on_all_servers_of_the_queue(
    dev: Queues,
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    on_call: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_browser, "WAIT_SECONDS", WAIT_SECONDS)
    ids = dev.give_up_many(2)

    def without_waiting_asks_some_servers(asked: Any, pass_on: Callable[[], Any]) -> Any:
        return pass_on() if asked.get("WaitTimeSeconds", 0) > 0 else {}

    on_call("ReceiveMessage", without_waiting_asks_some_servers)

    assert replay("dev", "show", "--limit", "1") == 0
    (shown,) = blocks(capsys.readouterr().out)
    assert shown in ids


def test_listing_ends_while_messages_keep_coming(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    ids = dev.give_up_many(3)

    def one_more_comes(asked: Any, pass_on: Callable[[], Any]) -> Any:
        dev.give_up("later")
        return pass_on()

    on_call("ReceiveMessage", one_more_comes)

    assert replay("dev", "show") == 0

    output = capsys.readouterr().out
    assert set(blocks(output)) == set(ids)
    assert "came after the start, new or failed again, and left alone: " in output
    waiting = dev.bodies_on(dev.dead_letters)
    assert len(waiting) == 3 + waiting.count("later")


def test_interrupted_listing_shows_what_it_has_and_leaves_all_visible(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    dev.give_up_many(25)

    def interrupt(asked: Any, pass_on: Callable[[], Any]) -> Any:
        answer = pass_on()
        signal.raise_signal(signal.SIGINT)
        return answer

    on_call("ReceiveMessage", interrupt)

    assert replay("dev", "show") == 130

    assert "10 of about 25 messages" in capsys.readouterr().out
    assert len(dev.visible_on(dev.dead_letters)) == 25


def test_listing_that_fails_leaves_all_visible(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    dev.give_up_many(25)
    receives = iter(range(100))

    def fail_the_second_time(asked: Any, pass_on: Callable[[], Any]) -> Any:
        if next(receives) == 0:
            return pass_on()
        raise EndpointConnectionError(endpoint_url="https://sqs.example")

    on_call("ReceiveMessage", fail_the_second_time)

    assert replay("dev", "show") == 1

    assert 'error: Could not connect to the endpoint URL: "https://sqs.example"' in capsys.readouterr().err
    assert len(dev.visible_on(dev.dead_letters)) == 25


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("InternalError", "not put back, and hidden for up to 10 minutes: 1 message"),
        # It isn't hidden, or not by us.
        ("MessageNotInflight", ""),
        ("ReceiptHandleIsInvalid", ""),
    ],
)
def test_says_how_many_messages_stay_hidden_when_they_cannot_be_put_back(
    dev: Queues,
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    on_call: Callable[..., None],
    code: str,
    said: str,
) -> None:
    dev.give_up_many(3)

    def fail_for_the_first(asked: Any, pass_on: Callable[[], Any]) -> Any:
        first, *others = (entry["Id"] for entry in asked["Entries"])
        failed = [{"Id": first, "SenderFault": False, "Code": code, "Message": ""}]
        return {"Successful": [{"Id": other} for other in others], "Failed": failed}

    on_call("ChangeMessageVisibilityBatch", fail_for_the_first)

    assert replay("dev", "show") == 0
    last_line = capsys.readouterr().out.splitlines()[-1]
    assert last_line == said if said else last_line.startswith("    body ")


@pytest.mark.parametrize(
    "failure",
    [{"status": 403, "code": "AccessDenied"}, {"error": ReadTimeoutError(endpoint_url="https://sqs.example")}],
)
def test_says_that_all_messages_stay_hidden_when_putting_back_fails_as_a_whole(
    dev: Queues,
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    aws_fails: Callable[..., None],
    clients_to_come: Any,
    failure: dict[str, Any],
) -> None:
    dev.give_up_many(13)
    aws_fails(clients_to_come, "ChangeMessageVisibilityBatch", **failure)

    assert replay("dev", "show") == 0
    assert "not put back, and hidden for up to 10 minutes: 13 messages\n" in capsys.readouterr().out


# Moving


def test_moves_all_messages_and_says_how_many(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    dev.give_up_many(23)

    assert replay("dev", "move", "--all") == 0

    said = f"moved 23 messages from bbws-product-{QUEUE}-dlq-dev to bbws-product-{QUEUE}-dev\n"
    assert capsys.readouterr().out == said
    assert dev.bodies_on(dev.source) == sorted(f"message {index}" for index in range(23))
    assert dev.bodies_on(dev.dead_letters) == []


def test_shows_progress_on_a_terminal(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    dev.give_up_many(12)

    replay("dev", "move", "--all")

    assert "moved 12, looked at" in capsys.readouterr().err


def test_shows_no_progress_where_a_terminal_is_missing(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    dev.give_up_many(12)

    replay("dev", "move", "--all")

    assert capsys.readouterr().err == ""


def test_moves_chosen_messages_and_leaves_the_others_visible(dev: Queues, replay: Callable[..., int]) -> None:
    ids = dev.give_up_many(25)

    assert replay("dev", "move", "--message", ids[3], "--message", ids[17], ids[24]) == 0

    assert dev.bodies_on(dev.source) == sorted(["message 3", "message 17", "message 24"])
    assert len(dev.visible_on(dev.dead_letters)) == 22


def test_names_chosen_messages_that_are_not_there_and_moves_the_others(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    here = dev.give_up("here")
    gone = "00000000-0000-4000-8000-000000000000"

    assert replay("dev", "move", "--message", here, gone) == 1

    captured = capsys.readouterr()
    assert captured.out.startswith("moved 1 message ")
    assert captured.err == f"error: {gone}: not found: moved already, with another reader, or never there\n"
    assert dev.bodies_on(dev.source) == ["here"]


def test_nothing_to_move_is_success(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay("dev", "move", "--all") == 0
    assert capsys.readouterr().out.startswith("moved 0 messages ")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(UPDATE, ensure_ascii=False),
        json.dumps(UPDATE),
        '{"b":1,  "a":\t1.50}\r\n',
        "no JSON\u2028\ufffd \U0010ffff e\u0301",
        " ",
    ],
)
def test_body_goes_back_byte_for_byte_and_without_what_the_function_added(
    dev: Queues, replay: Callable[..., int], body: str
) -> None:
    dev.give_up(body, reason="it was so", functionVersion="7")

    replay("dev", "move", "--all")

    (moved,) = dev.visible_on(dev.source)
    assert moved["Body"].encode() == body.encode()
    assert "MessageAttributes" not in moved


def test_moves_messages_that_are_too_long_to_go_together(
    dev: Queues, replay: Callable[..., int], on_call: Callable[..., None]
) -> None:
    bodies = [letter * 60_000 for letter in "äbcdefgh"] + ["ö" * 131_072]
    for body in bodies:
        dev.give_up(body)

    def refuse_what_is_too_long(asked: Any, pass_on: Callable[[], Any]) -> Any:
        if sum(len(entry["MessageBody"].encode()) for entry in asked["Entries"]) <= 262_144:
            return pass_on()
        refusal = json.dumps({"__type": "com.amazonaws.sqs#BatchRequestTooLong", "message": "too long"})
        return AWSResponse("https://sqs.example", 400, {}, MockRawResponse(refusal))  # type: ignore[arg-type]

    on_call("SendMessageBatch", refuse_what_is_too_long)

    assert replay("dev", "move", "--all") == 0

    assert dev.bodies_on(dev.source) == sorted(bodies)


def test_messages_that_fail_again_are_not_moved_again(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    ids = dev.give_up_many(25)

    def give_up_again(asked: Any, pass_on: Callable[[], Any]) -> Any:
        answer = pass_on()
        for entry in asked["Entries"]:
            dev.give_up(entry["MessageBody"], reason="still so", functionVersion="8")
        return answer

    on_call("SendMessageBatch", give_up_again)

    assert replay("dev", "move", "--all") == 0

    output = capsys.readouterr().out
    assert output.startswith("moved 25 messages ")
    assert "came after the start, new or failed again, and left alone: 25 messages\n" in output
    assert len(dev.visible_on(dev.source)) == 25
    left = dev.visible_on(dev.dead_letters)
    assert len(left) == 25
    assert {message["MessageId"] for message in left}.isdisjoint(ids)


def test_a_message_that_the_function_gave_up_meanwhile_is_shown_next_time(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    dev.give_up("first")
    replay("dev", "move", "--all")
    again = dev.give_up("first")
    capsys.readouterr()

    replay("dev", "show")

    assert list(blocks(capsys.readouterr().out)) == [again]


# Failures


def test_failed_send_leaves_all_messages_visible_and_says_so(
    dev: Queues,
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    aws_fails: Callable[..., None],
    clients_to_come: Any,
) -> None:
    ids = dev.give_up_many(15)
    aws_fails(clients_to_come, "SendMessageBatch", status=403, code="AccessDenied")

    assert replay("dev", "move", "--all") == 1

    captured = capsys.readouterr()
    assert captured.out.startswith("moved 0 messages ")
    assert "(AccessDenied) when calling the SendMessageBatch operation" in captured.err
    assert {message["MessageId"] for message in dev.visible_on(dev.dead_letters)} == set(ids)
    assert dev.bodies_on(dev.source) == []


def test_passing_failures_are_tried_again(
    dev: Queues, replay: Callable[..., int], aws_fails: Callable[..., None], clients_to_come: Any
) -> None:
    dev.give_up_many(3)
    for operation in ("ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch"):
        aws_fails(clients_to_come, operation, times=2)

    assert replay("dev", "move", "--all") == 0
    assert dev.bodies_on(dev.dead_letters) == []


def test_messages_that_sqs_does_not_take_stay_visible_and_are_named(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    ids = dict(zip(("good", "bad", "fine"), (dev.give_up(body) for body in ("good", "bad", "fine")), strict=True))

    def refuse_the_bad_one(asked: Any, pass_on: Callable[[], Any]) -> Any:
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        for entry in asked["Entries"]:
            if entry["MessageBody"] == "bad":
                failure = {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError", "Message": "try later"}
                answer["Failed"].append(failure)
            else:
                sent = dev.client.send_message(QueueUrl=dev.source, MessageBody=entry["MessageBody"])
                answer["Successful"].append(
                    {
                        "Id": entry["Id"],
                        "MessageId": sent["MessageId"],
                        "MD5OfMessageBody": sent["MD5OfMessageBody"],
                    }
                )
        return answer

    on_call("SendMessageBatch", refuse_the_bad_one)

    assert replay("dev", "move", "--all") == 1

    captured = capsys.readouterr()
    assert captured.out.startswith("moved 2 messages ")
    assert captured.err == f"error: {ids['bad']}: not sent: InternalError: try later\n"
    assert dev.bodies_on(dev.source) == ["fine", "good"]
    assert [message["MessageId"] for message in dev.visible_on(dev.dead_letters)] == [ids["bad"]]


def test_message_that_arrives_as_another_stays_on_the_dead_letter_queue(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    message_id = dev.give_up("what was meant")
    other = hashlib.md5(b"something else", usedforsecurity=False).hexdigest()
    on_call(
        "SendMessageBatch",
        lambda asked, pass_on: {"Successful": [{"Id": "0", "MessageId": "1", "MD5OfMessageBody": other}]},
    )

    assert replay("dev", "move", "--all") == 1

    assert f"{message_id}: SQS took in another body than was sent" in capsys.readouterr().err
    assert dev.bodies_on(dev.dead_letters) == ["what was meant"]


def test_message_that_cannot_be_deleted_is_on_both_queues_and_named(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    message_id = dev.give_up("twice")
    on_call(
        "DeleteMessageBatch",
        lambda asked, pass_on: {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]},
    )

    assert replay("dev", "move", "--all") == 1

    captured = capsys.readouterr()
    assert captured.out.startswith("moved 0 messages ")
    assert f"error: {message_id}: sent, but still on the DLQ as well: InternalError" in captured.err
    assert dev.bodies_on(dev.source) == dev.bodies_on(dev.dead_letters) == ["twice"]


@pytest.mark.parametrize("lost", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500, "code": "InternalError"},
        {"error": ReadTimeoutError(endpoint_url="https://sqs.example")},
    ],
    ids=["5xx", "time-out"],
)
@pytest.mark.parametrize(
    "operation", ["ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"]
)
def test_no_failure_of_a_call_loses_a_message(
    dev: Queues,
    replay: Callable[..., int],
    aws_fails: Callable[..., None],
    clients_to_come: Any,
    operation: str,
    failure: dict[str, Any],
    lost: bool,
) -> None:
    ids = dev.give_up_many(12)
    aws_fails(clients_to_come, operation, lost=lost, **failure)

    replay("dev", "move", "--message", *ids[:3], "elsewhere")

    # Messages whose receipt was lost on the way are hidden for a while, and so are those that can't be put back.
    on_both = dev.bodies_on(dev.source) + everything_on(dev, dev.dead_letters)
    assert set(on_both) == {f"message {index}" for index in range(12)}


def everything_on(queues: Queues, url: str) -> list[str]:
    """Return the bodies of all messages on a queue, also of hidden ones."""
    later = time.time() + queue_browser.HOLD_SECONDS + 1
    with pytest.MonkeyPatch.context() as future:
        moto_clock(future, later)
        return queues.bodies_on(url)


@pytest.fixture
def tests_outlive_signals() -> Iterator[None]:
    """Turn SIGTERM into an exception where the script doesn't take it."""
    usual = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, usual)


@pytest.mark.usefixtures("tests_outlive_signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("operation", ["ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch"])
def test_interruption_ends_between_two_messages_and_leaves_the_others_visible(
    dev: Queues,
    replay: Callable[..., int],
    capfd: pytest.CaptureFixture[str],
    on_call: Callable[..., None],
    operation: str,
    number: signal.Signals,
    status: int,
) -> None:
    dev.give_up_many(25)

    def interrupt(asked: Any, pass_on: Callable[[], Any]) -> Any:
        answer = pass_on()
        signal.raise_signal(number)
        return answer

    on_call(operation, interrupt)
    assert replay("dev", "move", "--all") == status

    captured = capfd.readouterr()
    moved, left = dev.bodies_on(dev.source), dev.bodies_on(dev.dead_letters)
    assert sorted(moved + left) == sorted(f"message {index}" for index in range(25))
    assert captured.out.startswith(f"moved {len(moved)} messages ")
    assert "interrupted: what was not moved is still on the DLQ\n" in captured.err


@pytest.mark.parametrize("operation", ["SendMessageBatch", "DeleteMessageBatch"])
def test_message_of_a_script_killed_between_send_and_delete_is_on_both_queues(
    dev: Queues, replay: Callable[..., int], on_call: Callable[..., None], operation: str
) -> None:
    dev.give_up_many(5)

    class Killed(BaseException):
        pass

    def die(asked: Any, pass_on: Callable[[], Any]) -> Any:
        if operation == "SendMessageBatch":
            pass_on()
        raise Killed

    on_call(operation, die)

    with pytest.raises(Killed):
        replay("dev", "move", "--all")

    expected = [f"message {index}" for index in range(5)]
    assert dev.bodies_on(dev.source) == expected
    assert everything_on(dev, dev.dead_letters) == expected


def test_second_interruption_ends_at_once_and_says_when_messages_come_back(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str], on_call: Callable[..., None]
) -> None:
    dev.give_up_many(15)

    def interrupt(asked: Any, pass_on: Callable[[], Any]) -> Any:
        signal.raise_signal(signal.SIGINT)
        return pass_on()

    on_call("ReceiveMessage", interrupt)
    on_call("ChangeMessageVisibilityBatch", interrupt)

    assert replay("dev", "move", "--all") == 130

    assert "ended at once: what was being looked at comes back within 10 minutes" in capsys.readouterr().err
    assert dev.bodies_on(dev.source) == []
    assert len(everything_on(dev, dev.dead_letters)) == 15


# Whom it asks, and where


def test_works_in_the_region_of_the_environment(
    signed_in: Callable[[str], None],
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_browser, "WAIT_SECONDS", 0)
    signed_in(ACCOUNTS["prod"])
    message_id = Queues("prod", "af-south-1").give_up("{}")

    assert replay("prod", "show") == 0
    assert list(blocks(capsys.readouterr().out)) == [message_id]


def test_credentials_of_another_account_are_refused(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay("sit", "show") == 1
    said = f"error: these credentials are for account {ACCOUNTS['dev']}, which is not that of sit\n"
    assert capsys.readouterr().err == said


def test_no_credentials_are_named_as_the_cause(
    empty_aws: None,
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session())

    assert replay("dev", "show") == 1
    assert capsys.readouterr().err.startswith("error: Unable to locate credentials")


@pytest.mark.parametrize("command", [("show",), ("move", "--all")])
def test_environment_without_the_queue_is_named(
    signed_in: Callable[[str], None],
    replay: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    signed_in(ACCOUNTS["dev"])

    assert replay("dev", *command) == 1
    said = f"error: dev has no queue bbws-product-{QUEUE}-dlq-dev: deploy 2_1_bbws_product_infrastructure first\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required: environment, command"),
        (("test", "show"), "invalid choice: 'test'"),
        (("dev",), "required: command"),
        (("dev", "move"), "one of the arguments --all --message is required"),
        (("dev", "move", "--all", "--message", "x"), "not allowed with argument --all"),
        (("dev", "move", "--message"), "expected at least one argument"),
        (("dev", "show", "--limit", "0"), "'0' is not a number from 1 on"),
        (("dev", "show", "--limit", "ten"), "'ten' is not a number from 1 on"),
    ],
)
def test_wrong_command_line_is_named_and_does_nothing(
    replay: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert replay(*arguments) == 2
    assert said in capsys.readouterr().err


# The clock


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        (1_795_351_258.4, 1_795_351_258.4),
        (1_795_351_200.0, 1_795_351_258.0),
        (1_795_355_000.0, 1_795_351_259.0),
    ],
    ids=["right", "slow", "fast"],
)
def test_a_wrong_clock_does_not_decide_what_came_after_the_start(here: float, expected: float) -> None:
    assert queue_browser.server_time({"date": "Sun, 22 Nov 2026 12:40:58 GMT"}, here) == expected


def test_the_clock_is_believed_where_the_server_shows_none() -> None:
    assert queue_browser.server_time({}, 1_795_351_258.4) == 1_795_351_258.4


# Dropping


@pytest.fixture
def state_bucket_of_dev(dev: Queues) -> Any:
    """Where dropped messages are kept."""
    client = boto3.client("s3", region_name="eu-west-1")
    client.create_bucket(
        Bucket="bbws-terraform-state-dev", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return client


def kept(client: Any) -> list[Any]:
    """Return what is kept of dropped messages."""
    listed = client.list_objects_v2(Bucket="bbws-terraform-state-dev", Prefix="dropped/").get("Contents", [])
    objects = (client.get_object(Bucket="bbws-terraform-state-dev", Key=entry["Key"]) for entry in listed)
    return [json.loads(found["Body"].read()) for found in objects]


def test_dropped_message_is_kept_with_who_dropped_it_and_others_stay(
    dev: Queues, state_bucket_of_dev: Any, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    stays = dev.give_up("stays")
    goes = dev.give_up(json.dumps(UPDATE), reason="requestedAt: is more than 30 days ago")

    assert replay("dev", "drop", "--message", goes, "--yes") == 0

    assert f"dropped {goes}: kept as dropped/bbws-product-{QUEUE}-dlq-dev/{goes}.json" in capsys.readouterr().out
    assert [message["MessageId"] for message in dev.visible_on(dev.dead_letters)] == [stays]
    assert dev.visible_on(dev.source) == []
    (record,) = kept(state_bucket_of_dev)
    assert (record["messageId"], json.loads(record["body"])) == (goes, UPDATE)
    assert record["attributes"] == {"reason": "requestedAt: is more than 30 days ago"}
    assert record["droppedBy"] == f"arn:aws:sts::{ACCOUNTS['dev']}:assumed-role/operator/test"


@pytest.mark.parametrize("answer", ["no", "", "y", None], ids=["no", "nothing", "y", "no terminal"])
def test_nothing_is_dropped_unless_somebody_says_yes(
    answer: str | None,
    dev: Queues,
    state_bucket_of_dev: Any,
    replay: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = dev.give_up("stays")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: answer is not None))
    monkeypatch.setattr("builtins.input", lambda prompt: answer)

    assert replay("dev", "drop", "--message", message) == 1

    errors = capsys.readouterr().err
    assert f"This will delete 1 message from bbws-product-{QUEUE}-dlq-dev for good." in errors
    assert ("give --yes" in errors) is (answer is None)
    assert dev.bodies_on(dev.dead_letters) == ["stays"]
    assert kept(state_bucket_of_dev) == []


def test_yes_drops(
    dev: Queues, state_bucket_of_dev: Any, replay: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = dev.give_up("goes")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")

    assert replay("dev", "drop", "--message", message) == 0

    assert dev.bodies_on(dev.dead_letters) == []


def test_what_can_not_be_kept_is_not_dropped(
    dev: Queues, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no state bucket to keep it in."""
    message = dev.give_up("stays")

    assert replay("dev", "drop", "--message", message, "--yes") == 1

    assert "the state bucket bbws-terraform-state-dev does not exist" in capsys.readouterr().err
    assert dev.bodies_on(dev.dead_letters) == ["stays"]


def test_message_that_is_not_there_is_named(
    dev: Queues, state_bucket_of_dev: Any, replay: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    dev.give_up("stays")

    assert replay("dev", "drop", "--message", "never-there", "--yes") == 1

    assert "error: never-there: not found" in capsys.readouterr().err
    assert dev.bodies_on(dev.dead_letters) == ["stays"]
