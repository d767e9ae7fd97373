"""The edge to SQS: each message of a batch is taken in by itself, and the answer names those to deliver again.

A message ends in one of three ways. It is taken in. Or it failed, and comes back. Or it can never succeed: then it goes
to the dead-letter queue at once, with the reason, rather than after failing five times.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict, TypeVar

from common import metrics
from common.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from common.dead_letters import DeadLetterQueue


class InvalidMessage(Exception):
    """The message can never be taken in, however often it is delivered; the exception says why."""


class OutOfTime(Exception):
    """The messages before it took so long that this one is left for another invocation."""


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


class AboutProduct(TypedDict):
    """What the batch must know of a message's content: for its place in the order, and for the log."""

    changeId: str
    productId: str
    requestId: str
    requestedAt: str


# A batch has at most ten messages.
_MOST_AT_ONCE = 10
# Ample for one message. An invocation that runs out of time answers for none, and the whole batch comes back.
_LEAST_TIME_MS = 2000

Content = TypeVar("Content", bound=AboutProduct)


def for_each_message(
    event: SqsEvent,
    context: LambdaContext,
    *,
    read: Callable[[str], Content],
    apply: Callable[[Content], None],
    dead_letters: DeadLetterQueue,
    too_early: type[Exception] | tuple[()] = (),
) -> BatchAnswer:
    """Take in a batch: messages about different products in parallel, those about one in the order asked for.

    Parameters
    ----------
    read : callable
        Returns what a message's body holds, or raises `InvalidMessage`.
    apply : callable
        Takes it in. Whatever it raises makes its message, and no other, come back. What it logs bears the ids of the
        message and of its content.
    dead_letters : DeadLetterQueue
        Takes the invalid messages. One that can't be handed over counts as failed.
    too_early : type of exception, optional
        Says of a message that it waits for another one. It comes back like one that failed, and isn't counted as that:
        neither the function nor anything that it needs is at fault.

    Returns
    -------
    BatchAnswer
        The messages that failed, if need be all of them: their failures are logged, never raised.
    """
    # What isn't known to be done comes back, whatever became of it.
    done: set[str] = set()
    waiting: set[str] = set()

    def take_in(messages: list[tuple[str, Content]]) -> None:
        for message_id, content in sorted(messages, key=lambda message: message[1]["requestedAt"]):
            with _contained(message_id):
                if context.get_remaining_time_in_millis() < _LEAST_TIME_MS:
                    raise OutOfTime
                logger.thread_safe_append_keys(
                    change_id=content["changeId"], product_id=content["productId"], request_id=content["requestId"]
                )
                try:
                    apply(content)
                except too_early:
                    waiting.add(message_id)
                    raise
                done.add(message_id)

    def hand_over(message: SqsMessage, reason: str) -> None:
        with _contained(message["messageId"]):
            dead_letters.send(message["body"], reason=reason, function_version=context.function_version)
            logger.error("message can never succeed and went to the dead-letter queue", extra={"reason": reason})
            done.add(message["messageId"])

    by_product: defaultdict[str, list[tuple[str, Content]]] = defaultdict(list)
    with ThreadPoolExecutor(_MOST_AT_ONCE) as threads:
        for message in event["Records"]:
            with _contained(message["messageId"]):
                try:
                    content = read(message["body"])
                except InvalidMessage as problem:
                    threads.submit(hand_over, message, str(problem))
                else:
                    by_product[content["productId"]].append((message["messageId"], content))
        for messages in by_product.values():
            threads.submit(take_in, messages)
    back = [message["messageId"] for message in event["Records"] if message["messageId"] not in done]
    # For Lambda, a batch whose every message failed is a success.
    if failed := len(set(back) - waiting):
        metrics.emit(metrics.failed_messages(failed), FunctionVersion=context.function_version)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in back]}


def check_version(name: str, version: object, newest: int) -> None:
    """Refuse a message of a version that this code doesn't read: it reads every one up to its own.

    Parameters
    ----------
    name : str
        The attribute that holds the version.
    version : object
        Its value in the message.
    newest : int
        The newest version that is read.

    Raises
    ------
    InvalidMessage
        It is no version, or a newer one. Nothing is wrong with the message then, and the exception says what to do.
    """
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidMessage(f"{name}: must be a whole number from 1 to {newest}")
    if version > newest:
        raise InvalidMessage(
            f"{name}: {version} is newer than {newest}, the newest that this version of the function reads; deploy one "
            "that reads it, then move the message back"
        )


@contextmanager
def _contained(message_id: str) -> Iterator[None]:
    """Let no failure of one message, whatever its kind, cost the others their place."""
    try:
        logger.thread_safe_append_keys(message_id=message_id)
        yield
    except Exception:
        logger.exception("message failed and goes back to the queue")
    finally:
        logger.thread_safe_clear_keys()
