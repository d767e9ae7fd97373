"""Writes the change records that wait on the audit queue to the audit bucket, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import audit_record
from audit_trail import AuditTrail
from common import aws, configuration, metrics, timestamps
from common.batch import BatchAnswer, SqsEvent, for_each_message
from common.dead_letters import DeadLetterQueue
from common.log import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from common.change_record import ChangeRecord

S3 = aws.client("s3")
SQS = aws.client("sqs")
TRAIL = AuditTrail(S3, configuration.required("AUDIT_BUCKET"))
DEAD_LETTERS = DeadLetterQueue(SQS, configuration.required("DLQ_URL"))


def handler(event: SqsEvent, context: LambdaContext) -> BatchAnswer:
    """Write a batch of change records; those that failed are delivered again."""
    return for_each_message(event, context, read=audit_record.read, apply=_keep, dead_letters=DEAD_LETTERS)


def _keep(record: ChangeRecord) -> None:
    written = TRAIL.keep(record)
    if written:
        metrics.emit(metrics.delay("RequestToAudited", record["requestedAt"], timestamps.to_text(timestamps.now())))
    logger.info("change audited", extra={"sequence": record["sequence"], "written": written})
