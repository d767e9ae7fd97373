"""Looking through a queue, which hides what was looked at from other readers until it is put back."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# Longer than anybody browses, because what comes back in the middle of one costs another receive. Only what a
# killed script held stays hidden for so long.
HOLD_SECONDS = 600
# A receive that waits asks all of SQS's servers. One that doesn't asks some, and may miss what lies there. Source:
# "Amazon SQS short and long polling" in the developer guide.
WAIT_SECONDS = 1
# SQS's most for one call.
BATCH = 10
# Messages may keep coming, and a queue of many thousands may bring some of them in a row.
_MOST_IDLE_RECEIVES = 10

# What SQS says of a message that isn't hidden by this receipt handle, or no longer there.
_NOT_HELD = frozenset({"MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue"})

Item = TypeVar("Item")


@dataclass(frozen=True)
class Message:
    """A message on a queue.

    Parameters
    ----------
    sent_ms
        When it was sent first, in ms since 1970. It keeps that when SQS moves it to a dead-letter queue.
    received
        How often it was received, on the queues before included.
    attributes
        The values of its message attributes that are texts.
    """

    message_id: str
    body: str
    body_md5: str
    sent_ms: int
    received: int
    attributes: Mapping[str, str]


class QueueBrowser:
    """What lay on a queue when browsing began.

    It ends although messages keep coming, even those that it had moved itself and that failed again: later ones are
    held and counted, but not handed out. Leaving its block puts back all that it holds.

    Parameters
    ----------
    sqs
        Its errors (botocore's) reach the caller.
    queue_url
        The queue.

    Attributes
    ----------
    visible, hidden
        How many messages could be received when it began, and how many were with other readers. SQS calls both
        approximate.
    later
        How many messages it found that were sent after it began.
    missed
        How many of the visible ones it had not found at its end.
    stuck
        How many could not be put back. They come back by themselves.
    """

    def __init__(self, sqs: SQSClient, queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        answer = sqs.get_queue_attributes(
            QueueUrl=queue_url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        self._began_ms = 1000 * server_time(answer["ResponseMetadata"]["HTTPHeaders"], time.time())
        self.visible = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        self.hidden = int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"])
        self.later = self.missed = self.stuck = 0
        self._seen: set[str] = set()
        # Receipt handles of what it holds, by message id.
        self._handles: dict[str, str] = {}

    def __enter__(self) -> QueueBrowser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._put_back()

    def messages(self) -> Iterator[list[Message]]:
        """Yield messages as they are received, some at a time and perhaps none; each once."""
        idle = 0
        while idle < _MOST_IDLE_RECEIVES:
            received = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=HOLD_SECONDS,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            ).get("Messages", [])
            if not received:
                break
            self._handles |= {message["MessageId"]: message["ReceiptHandle"] for message in received}
            unseen = [_message(message) for message in received if message["MessageId"] not in self._seen]
            self._seen |= {message.message_id for message in unseen}
            wanted = [message for message in unseen if message.sent_ms < self._began_ms]
            self.later += len(unseen) - len(wanted)
            idle = 0 if wanted else idle + 1
            yield wanted
        self.missed = max(0, self.visible - len(self._seen))

    def delete(self, messages: Sequence[Message]) -> dict[str, str]:
        """Delete messages that it holds from the queue, at most `BATCH`.

        Returns
        -------
        dict
            Why a message could not be deleted, by its id.
        """
        if not messages:
            return {}
        answer = self._sqs.delete_message_batch(
            QueueUrl=self._queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": self._handles[message.message_id]}
                for number, message in enumerate(messages)
            ],
        )
        for entry in answer.get("Successful", []):
            del self._handles[messages[int(entry["Id"])].message_id]
        return {
            messages[int(entry["Id"])].message_id: f"{entry['Code']}: {entry.get('Message', '')}"
            for entry in answer.get("Failed", [])
        }

    def _put_back(self) -> None:
        """Make visible what it holds. What fails comes back by itself, so that is counted and not raised."""
        self.stuck = len(self._handles)
        # Out of reach for one call, AWS is so for the next ones.
        with contextlib.suppress(BotoCoreError):
            for handles in in_batches(list(self._handles.values())):
                # Refused one call, SQS may take the next.
                with contextlib.suppress(ClientError):
                    answer = self._sqs.change_message_visibility_batch(
                        QueueUrl=self._queue_url,
                        Entries=[
                            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                            for number, handle in enumerate(handles)
                        ],
                    )
                    still_hidden = sum(entry["Code"] not in _NOT_HELD for entry in answer.get("Failed", []))
                    self.stuck -= len(handles) - still_hidden
        self._handles.clear()


def server_time(headers: Mapping[str, str], here: float) -> float:
    """Return what the server's clock says, in seconds since 1970.

    Parameters
    ----------
    headers
        Of an answer that came just now. Their date lacks the fraction of the second.
    here
        This computer's clock. It is believed as far as the server's agrees.
    """
    if "date" not in headers:
        return here
    second = parsedate_to_datetime(headers["date"]).timestamp()
    return min(max(here, second), second + 1)


def in_batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield parts of a sequence that fit into one call."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _message(received: MessageTypeDef) -> Message:
    return Message(
        message_id=received["MessageId"],
        body=received["Body"],
        body_md5=received["MD5OfBody"],
        sent_ms=int(received["Attributes"]["SentTimestamp"]),
        received=int(received["Attributes"]["ApproximateReceiveCount"]),
        attributes={
            name: value["StringValue"]
            for name, value in received.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )
