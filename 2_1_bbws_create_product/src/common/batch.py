"""The edge to SQS: a batch of messages is taken one by one, and the answer names those that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from common.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable


class SqsMessage(TypedDict):
    """The parts of a message in Lambda's SQS event that the service reads."""

    messageId: str
    body: str


class SqsEvent(TypedDict):
    """A batch as Lambda's event source mapping hands it over."""

    Records: list[SqsMessage]


class ItemFailure(TypedDict):
    """Names a message that is to be delivered again."""

    itemIdentifier: str


class BatchAnswer(TypedDict):
    """What the event source mapping takes for an answer (``ReportBatchItemFailures``)."""

    batchItemFailures: list[ItemFailure]


def for_each_message(event: SqsEvent, apply: Callable[[str], None]) -> BatchAnswer:
    """Hand the body of each message to a function.

    Parameters
    ----------
    apply : callable
        Whatever it raises makes its message, and no other, come back until the queue's dead-letter queue takes it.
        The keys that it adds to the logger by `thread_safe_append_keys` are the message's: they are in the log of its
        failure, and gone with the next message.
    """
    failures: list[ItemFailure] = []
    for message in event["Records"]:
        try:
            logger.thread_safe_append_keys(message_id=message["messageId"])
            apply(message["body"])
        except Exception:
            # Not one failure, whatever its kind, may cost the other messages their place.
            logger.exception("message failed and goes back to the queue")
            failures.append({"itemIdentifier": message["messageId"]})
        finally:
            logger.thread_safe_clear_keys()
    return {"batchItemFailures": failures}
