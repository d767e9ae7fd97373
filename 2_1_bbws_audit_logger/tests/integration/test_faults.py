"""Whatever befalls a call to AWS: once the messages that failed are delivered again, all is as without the fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.faults import FaultyAws, between, faults_of
from tests.records import object_key, record

import handler as audit_logger
from common.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3 import S3Client
    from tests.conftest import DeadLetter
    from tests.faults import Fault

    from common.batch import SqsEvent

RECORDS = [record(1), record(2)]
POISON = "no JSON"

# What one batch of them asks of AWS, a repeat included; the first test sees to it that this is so.
CALLS = {"s3.PutObject": 3, "sqs.SendMessage bbws-product-change-dlq-local": 1}


@pytest.fixture
def deliver(sqs_event: Callable[..., SqsEvent], lambda_context: LambdaContext) -> Callable[[list[str]], list[str]]:
    """Return what delivers bodies as one batch and returns those that are to be delivered again."""

    def deliver(bodies: list[str]) -> list[str]:
        event = sqs_event(*bodies)
        answer = audit_logger.handler(event, lambda_context)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        return [message["body"] for message in event["Records"] if message["messageId"] in failed]

    return deliver


@pytest.fixture
def batch() -> list[str]:
    """Return the bodies of a batch: two records, one of them twice, and one that can never be written."""
    return [*(json.dumps(each) for each in (*RECORDS, RECORDS[0])), POISON]


@pytest.fixture
def with_fault(
    audit_bucket: str, dead_letter_queue_url: str, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyAws]:
    """Return the AWS that the audit logger meets during a test."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    aws = FaultyAws()
    with between([audit_logger.S3, audit_logger.SQS], aws.send):
        yield aws


def test_batch_without_a_fault_makes_these_calls(
    with_fault: FaultyAws, deliver: Callable[[list[str]], list[str]], batch: list[str]
) -> None:
    assert deliver(batch) == []
    assert with_fault.requests == CALLS


@pytest.mark.parametrize("fault", faults_of(CALLS), ids=str)
def test_fault_loses_nothing_and_writes_nothing_twice(
    fault: Fault,
    with_fault: FaultyAws,
    deliver: Callable[[list[str]], list[str]],
    batch: list[str],
    s3: S3Client,
    audit_bucket: str,
    dead_letters: Callable[[], list[DeadLetter]],
) -> None:
    with_fault.fault = fault
    waiting = batch
    for _ in range(3):
        waiting = deliver(waiting)
    assert with_fault.happened == fault.attempts
    assert waiting == []
    versions = s3.list_object_versions(Bucket=audit_bucket)["Versions"]
    assert sorted(version["Key"] for version in versions) == sorted(map(object_key, RECORDS))
    for each in RECORDS:
        assert s3.get_object(Bucket=audit_bucket, Key=object_key(each))["Body"].read() == canonical_json(each)
    assert {letter.body for letter in dead_letters()} == {POISON}
