"""The dead-letter queue (DLQ) as a function uses it itself: for messages that no further delivery can help."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Body and attributes count as one message, whose size SQS limits.
_LONGEST_REASON = 1000


class DeadLetterQueue:
    """The queue that keeps what could not be done, until somebody looks at it.

    Parameters
    ----------
    client : SQSClient
        Its errors (botocore's) reach the caller.
    url : str
        The queue's URL.
    """

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, body: str, *, reason: str, function_version: str) -> None:
        """Keep a message as it is, with why it can't be taken in. It is durable when this returns.

        Parameters
        ----------
        reason, function_version : str
            Why, and for which version of the function: they become the message attributes ``reason`` and
            ``functionVersion``.
        """
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in {"reason": _fit(reason), "functionVersion": function_version}.items()
            },
        )


def _fit(reason: str) -> str:
    # SQS refuses attributes with control characters and half surrogate pairs, which a reason may quote.
    return "".join(character if character.isprintable() else "\ufffd" for character in reason[:_LONGEST_REASON])
