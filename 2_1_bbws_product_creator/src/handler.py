"""Applies the changes that wait on the change queue, and passes their records on to the audit queue."""

from __future__ import annotations

import change_message
from common import aws, configuration, timestamps
from common.batch import BatchAnswer, SqsEvent, for_each_message
from common.log import logger
from ledger import Ledger
from pipeline import Pipeline

PIPELINE = Pipeline(
    ledger=Ledger(aws.client("dynamodb"), configuration.required("TABLE_NAME")),
    sqs=aws.client("sqs"),
    audit_queue_url=configuration.required("AUDIT_QUEUE_URL"),
)


def handler(event: SqsEvent, context: object) -> BatchAnswer:
    """Apply a batch of change messages; those that failed are delivered again."""
    return for_each_message(event, _apply)


def _apply(body: str) -> None:
    change = change_message.read(body, timestamps.now())
    logger.thread_safe_append_keys(
        change_id=change["changeId"], product_id=change["productId"], request_id=change["requestId"]
    )
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
