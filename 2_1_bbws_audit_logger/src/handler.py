"""Writes the change records that wait on the audit queue to the audit bucket, each once."""

from __future__ import annotations

import audit_record
from audit_trail import AuditTrail
from common import aws, configuration
from common.batch import BatchAnswer, SqsEvent, for_each_message
from common.log import logger

TRAIL = AuditTrail(aws.client("s3"), configuration.required("AUDIT_BUCKET"))


def handler(event: SqsEvent, context: object) -> BatchAnswer:
    """Write a batch of change records; those that failed are delivered again."""
    return for_each_message(event, _keep)


def _keep(body: str) -> None:
    record = audit_record.read(body)
    logger.thread_safe_append_keys(
        change_id=record["changeId"], product_id=record["productId"], request_id=record["requestId"]
    )
    written = TRAIL.keep(record)
    logger.info("change audited", extra={"sequence": record["sequence"], "written": written})
