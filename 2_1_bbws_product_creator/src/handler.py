"""Applies the changes that wait on the change queue, and passes their records on to the audit queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import change_message
from common import aws, configuration, timestamps
from common.batch import BatchAnswer, SqsEvent, for_each_message
from common.dead_letters import DeadLetterQueue
from common.log import logger
from decision import ProductNotThereYet
from ledger import Ledger
from pipeline import Pipeline

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from common.change import Change

SQS = aws.client("sqs")
PIPELINE = Pipeline(
    ledger=Ledger(aws.client("dynamodb"), configuration.required("TABLE_NAME")),
    sqs=SQS,
    audit_queue_url=configuration.required("AUDIT_QUEUE_URL"),
)
DEAD_LETTERS = DeadLetterQueue(SQS, configuration.required("DLQ_URL"))


def handler(event: SqsEvent, context: LambdaContext) -> BatchAnswer:
    """Apply a batch of change messages; those that failed are delivered again."""
    return for_each_message(
        event, context, read=_read, apply=_apply, too_early=ProductNotThereYet, dead_letters=DEAD_LETTERS
    )


def _read(body: str) -> Change:
    return change_message.read(body, timestamps.now())


def _apply(change: Change) -> None:
    record = PIPELINE.apply(change)
    logger.info(
        "change decided",
        extra={
            "change_type": record["changeType"],
            "status": record["status"],
            "reason": record["reason"],
            "sequence": record["sequence"],
            "version": record["version"],
        },
    )
