#!/usr/bin/env python3
"""Shows what lies on the dead-letter queue (DLQ) of this repository's function, moves it back, or drops it.

    replay_dlq.py ENVIRONMENT show [--limit N]
    replay_dlq.py ENVIRONMENT move --all
    replay_dlq.py ENVIRONMENT move --message ID [ID ...]
    replay_dlq.py ENVIRONMENT drop --message ID [ID ...] [--yes]

show says of each message when it was sent, how often it was received, why it failed and what it is about; and of one
that was refused for its version alone that nothing is wrong with it. move sends messages, just as they were, to the
queue that the function reads, and deletes each from the DLQ once it is there. So an interruption loses none. It may
leave one on both queues, which does no harm: the function takes in repeats.

drop is for what can never be applied. It asks first, and keeps each message as it was in the environment's state
bucket, with who dropped it and when, before it deletes it from the DLQ.

All see what lay on the DLQ when they began. Meanwhile nobody else sees it.

Exit status: 0 if everything asked for was done, 1 if not, 2 if the command line is wrong, 130 after Ctrl-C, 143 after
SIGTERM. What was interrupted or failed can be run again.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deployment import account, function_name, signals, state_bucket, terraform
from deployment.signals import Interruption
from operations import queues
from operations.queue_browser import BATCH, HOLD_SECONDS, Message, QueueBrowser
from operations.wording import counted

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from mypy_boto3_sqs import SQSClient

SHOWN = 100
IDS = ("changeType", "changeId", "productId", "sequence")
VERSIONS = ("schemaVersion", "recordVersion")

# For all messages of one call together. Source: SendMessageBatch in the SQS API reference, before August 2025.
MOST_BYTES = 262_144

_LONGEST_TEXT = 300


@dataclass
class Moves:
    """What came of moving messages.

    Attributes
    ----------
    moved
        The ids of those that were sent and deleted.
    problems
        Why one still lies on the DLQ, by its id.
    """

    moved: set[str] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)

    def tried(self) -> set[str]:
        """Return the ids of all that were found, moved or not."""
        return self.moved | self.problems.keys()


def main() -> int:
    """Do what the command line says and return the exit status."""
    signals.obey()
    arguments = parsed_arguments()
    environment: str = arguments.environment
    try:
        account.check(environment)
        sqs: SQSClient = boto3.client(
            "sqs",
            region_name=terraform.region(environment),
            config=Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4}),
        )
        dead_letters = queue_url(sqs, queues.dead_letter_in(environment), environment)
        if arguments.command == "show":
            return show(sqs, dead_letters, environment, arguments.limit)
        if arguments.command == "drop":
            return drop(sqs, dead_letters, environment, list(dict.fromkeys(arguments.message)), sure=arguments.yes)
        source = queue_url(sqs, queues.source_in(environment), environment)
        return move(sqs, dead_letters, source, environment, frozenset(arguments.message or ()))
    except (BotoCoreError, ClientError) as error:
        terraform.fail(str(error))
    except KeyboardInterrupt:
        print(
            f"ended at once: what was being looked at comes back within {HOLD_SECONDS // 60} minutes", file=sys.stderr
        )
        return 128 + signal.SIGINT


def parsed_arguments() -> argparse.Namespace:
    """Return what the command line says; a wrong one ends the script with exit status 2."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", choices=terraform.environments())
    commands = parser.add_subparsers(dest="command", required=True)
    shows = commands.add_parser("show", help="say what lies on the DLQ and why")
    shows.add_argument("--limit", type=_at_least_one, default=SHOWN, metavar="N", help=f"at most so many ({SHOWN})")
    moves = commands.add_parser("move", help="send messages back to the queue that the function reads")
    which = moves.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="all that lie there now")
    which.add_argument("--message", nargs="+", action="extend", metavar="ID", help="those with these message ids")
    drops = commands.add_parser("drop", help="delete messages that can never be applied, and keep who did it")
    drops.add_argument("--message", nargs="+", action="extend", required=True, metavar="ID", help="these message ids")
    drops.add_argument("--yes", action="store_true", help="don't ask")
    return parser.parse_args()


def _at_least_one(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def queue_url(sqs: SQSClient, name: str, environment: str) -> str:
    """Return a queue's URL; end the script if there is no such queue."""
    try:
        return sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        terraform.fail(f"{environment} has no queue {name}: deploy 2_1_bbws_product_infrastructure first")


# Showing


def show(sqs: SQSClient, dead_letters: str, environment: str, limit: int) -> int:
    """Print what lies on the DLQ, what was sent first at the top, and return the exit status."""
    name = queues.dead_letter_in(environment)
    found: list[Message] = []
    with Interruption(once_more_ends=True) as interruption, QueueBrowser(sqs, dead_letters) as browser:
        for messages in browser.messages():
            found += messages
            if interruption or len(found) > limit:
                break
    shown = sorted(found[:limit], key=lambda message: message.sent_ms)
    if interruption or len(found) > limit:
        print(f"{name}: {len(shown)} of about {max(browser.visible, len(found))} messages; --limit shows more")
    else:
        print(f"{name}: {counted(len(shown), 'message')}")
    for message in shown:
        print(f"\n{message.message_id}")
        for label, text in description(message, environment):
            print(f"    {label:<10}  {text}")
    for number, line in enumerate(left_out(browser)):
        print(f"\n{line}" if shown and not number else line)
    return interruption.exit_status


def description(message: Message, environment: str) -> Iterator[tuple[str, str]]:
    """Yield what is to say of a message, each with its label."""
    sent = datetime.fromtimestamp(message.sent_ms / 1000, UTC).isoformat(timespec="milliseconds")
    yield "sent", sent.replace("+00:00", "Z")
    yield "received", f"{counted(message.received, 'time')}, this look included"
    yield "why", why(message, environment)
    try:
        content = json.loads(message.body)
    except (ValueError, RecursionError):
        content = None
    if is_too_new(message, content):
        yield (
            "remedy",
            "nothing is wrong with it: roll the function forward to a version that reads it, then move it back",
        )
    ids = {name: content[name] for name in IDS if name in content} if isinstance(content, dict) else {}
    if not ids:
        yield "body", printable(message.body)
    for label, value in ids.items():
        yield label, printable(value if isinstance(value, str) else json.dumps(value))


def why(message: Message, environment: str) -> str:
    """Return why a message failed, as far as its attributes say."""
    if "reason" not in message.attributes:
        log = f"/aws/lambda/{function_name.name_in(environment)}"
        return f"delivered 5 times and failed each time; see the log {log} for message_id {message.message_id}"
    version = message.attributes.get("functionVersion", "unknown")
    return printable(f"{message.attributes['reason']} ({function_name.name()}, version {version})")


def is_too_new(message: Message, content: object) -> bool:
    """Tell whether a message was refused for its version alone.

    Every version from 1 on is read by some function; what is refused for one is newer than the function that refused.
    """
    name, _, _ = message.attributes.get("reason", "").partition(":")
    version = content.get(name) if isinstance(content, dict) and name in VERSIONS else None
    return isinstance(version, int) and not isinstance(version, bool) and version >= 1


def printable(text: str) -> str:
    """Return a text from elsewhere, shortened, without what a terminal would take for more than text."""
    short = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in short)


# Moving


def move(sqs: SQSClient, dead_letters: str, source: str, environment: str, chosen: frozenset[str]) -> int:
    """Move chosen messages, or all for an empty choice; print what came of it and return the exit status."""
    moves = Moves()
    failure: BotoCoreError | ClientError | None = None
    with Interruption(once_more_ends=True) as interruption, QueueBrowser(sqs, dead_letters) as browser:
        try:
            with closing(shown_progress(browser, moves)) as batches:
                for messages in batches:
                    if interruption:
                        break
                    wanted = [message for message in messages if not chosen or message.message_id in chosen]
                    move_back(sqs, source, browser, wanted, moves)
                    if chosen and chosen <= moves.tried():
                        break
        except (BotoCoreError, ClientError) as error:
            failure = error

    from_, to = queues.dead_letter_in(environment), queues.source_in(environment)
    print(f"moved {counted(len(moves.moved), 'message')} from {from_} to {to}")
    for line in left_out(browser):
        print(line)
    for message_id, problem in moves.problems.items():
        print(f"error: {message_id}: {problem}", file=sys.stderr)
    if failure:
        print(f"error: {failure}\nwhat was not moved is still on the DLQ: run it again", file=sys.stderr)
        return 1
    if interruption:
        print("interrupted: what was not moved is still on the DLQ", file=sys.stderr)
        return interruption.exit_status
    missing = sorted(chosen - moves.tried())
    for message_id in missing:
        print(f"error: {message_id}: not found: moved already, with another reader, or never there", file=sys.stderr)
    return 1 if missing or moves.problems else 0


def shown_progress(browser: QueueBrowser, moves: Moves) -> Generator[list[Message]]:
    """Yield what the browser finds; show on a terminal how far it is."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        looked_at = 0
        bar = progress.add_task("looked at", total=browser.visible)
        for messages in browser.messages():
            yield messages
            looked_at += len(messages)
            description = f"moved {len(moves.moved)}, looked at"
            # SQS's count is approximate.
            total = max(browser.visible, looked_at)
            progress.update(bar, description=description, completed=looked_at, total=total)


def move_back(sqs: SQSClient, source: str, browser: QueueBrowser, messages: Sequence[Message], moves: Moves) -> None:
    """Send messages to the source queue, their bodies alone, and delete those that are there from the DLQ.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        A call failed as a whole. The messages of that call are still on the DLQ, and perhaps also sent.
    """
    for batch in fitting(messages):
        answer = sqs.send_message_batch(
            QueueUrl=source,
            Entries=[{"Id": str(number), "MessageBody": message.body} for number, message in enumerate(batch)],
        )
        sent = []
        for entry in answer.get("Successful", []):
            message = batch[int(entry["Id"])]
            if entry["MD5OfMessageBody"] == message.body_md5:
                sent.append(message)
            else:
                moves.problems[message.message_id] = "SQS took in another body than was sent"
        for failed in answer.get("Failed", []):
            message_id = batch[int(failed["Id"])].message_id
            moves.problems[message_id] = f"not sent: {failed['Code']}: {failed.get('Message', '')}"
        kept = browser.delete(sent)
        for message_id, problem in kept.items():
            moves.problems[message_id] = f"sent, but still on the DLQ as well: {problem}"
        moves.moved |= {message.message_id for message in sent} - kept.keys()


def fitting(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Yield the messages in groups that SQS takes in one call."""
    group: list[Message] = []
    size = 0
    for message in messages:
        length = len(message.body.encode())
        if group and (len(group) == BATCH or size + length > MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(message)
        size += length
    if group:
        yield group


# Dropping


def drop(sqs: SQSClient, dead_letters: str, environment: str, chosen: list[str], *, sure: bool) -> int:
    """Keep chosen messages in the state bucket and delete them; print what came of it and return the exit status."""
    queue = queues.dead_letter_in(environment)
    if not sure and not confirmed(f"delete {counted(len(chosen), 'message')} from {queue} for good"):
        print("nothing was dropped", file=sys.stderr)
        return 1
    dropped_by = boto3.client("sts", region_name=terraform.region(environment)).get_caller_identity()["Arn"]
    bucket = state_bucket.StateBucket(environment)
    dropped: set[str] = set()
    problems: dict[str, str] = {}
    with Interruption(once_more_ends=True) as interruption, QueueBrowser(sqs, dead_letters) as browser:
        for messages in browser.messages():
            for message in messages:
                if interruption or message.message_id not in chosen:
                    continue
                key = state_bucket.dropped(queue, message.message_id)
                # First: a message that is kept twice does no harm, one that is kept nowhere is gone.
                bucket.put(key, json.dumps(kept(message, queue, dropped_by), indent=2).encode())
                if failed := browser.delete([message]):
                    problems |= failed
                else:
                    dropped.add(message.message_id)
                    print(f"dropped {message.message_id}: kept as {key} in {bucket.name}")
            if interruption or set(chosen) <= dropped | problems.keys():
                break
    for line in left_out(browser):
        print(line)
    for message_id in chosen:
        if message_id in problems:
            print(f"error: {message_id}: kept, but still on the DLQ: {problems[message_id]}", file=sys.stderr)
        elif message_id not in dropped and not interruption:
            print(f"error: {message_id}: not found: with another reader, or never there", file=sys.stderr)
    return interruption.exit_status or int(set(chosen) != dropped)


def confirmed(what: str) -> bool:
    """Ask whether something is meant, and tell what the answer was; no where there is nobody to ask."""
    print(f"This will {what}.", file=sys.stderr)
    if not sys.stdin.isatty():
        print("error: there is no terminal to ask on: give --yes", file=sys.stderr)
        return False
    return input("Type yes to go on: ").strip() == "yes"


def kept(message: Message, queue: str, dropped_by: str) -> dict[str, object]:
    """Return what is kept of a message that is dropped."""
    return {
        "queue": queue,
        "messageId": message.message_id,
        "sentAt": datetime.fromtimestamp(message.sent_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "attributes": dict(message.attributes),
        "body": message.body,
        "droppedAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "droppedBy": dropped_by,
    }


# What all say


def left_out(browser: QueueBrowser) -> Iterator[str]:
    """Yield a line for each kind of message that was left out, if any were."""
    if browser.later:
        yield f"came after the start, new or failed again, and left alone: {counted(browser.later, 'message')}"
    if browser.hidden:
        yield f"held by another reader and left alone: about {counted(browser.hidden, 'message')}"
    if browser.missed:
        yield f"counted by SQS but not found: about {counted(browser.missed, 'message')}; run it again"
    if browser.stuck:
        yield f"not put back, and hidden for up to {HOLD_SECONDS // 60} minutes: {counted(browser.stuck, 'message')}"


if __name__ == "__main__":
    sys.exit(main())
