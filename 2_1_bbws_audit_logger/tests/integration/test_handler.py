"""The audit logger through its handler: records in, objects out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.records import object_key, record

import handler as audit_logger
from common import timestamps
from common.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3 import S3Client
    from tests.conftest import DeadLetter, Measured

    from common.batch import BatchAnswer, SqsEvent

pytestmark = pytest.mark.usefixtures("audit_bucket")


@pytest.fixture
def deliver(sqs_event: Callable[..., SqsEvent], lambda_context: LambdaContext) -> Callable[..., BatchAnswer]:
    """Return what hands records, or other bodies, to the handler as one batch."""

    def deliver(*bodies: object) -> BatchAnswer:
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return audit_logger.handler(sqs_event(*texts), lambda_context)

    return deliver


def versions(s3: S3Client, bucket: str) -> list[str]:
    """Return the keys of all object versions in the bucket."""
    return [version["Key"] for version in s3.list_object_versions(Bucket=bucket).get("Versions", [])]


def test_record_becomes_an_object_of_canonical_json(
    deliver: Callable[..., BatchAnswer], s3: S3Client, audit_bucket: str
) -> None:
    assert deliver(record())["batchItemFailures"] == []
    stored = s3.get_object(Bucket=audit_bucket, Key=object_key(record()))
    assert stored["Body"].read() == canonical_json(record())
    assert stored["ContentType"] == "application/json"


def test_record_is_written_once_however_often_it_is_delivered(
    deliver: Callable[..., BatchAnswer], s3: S3Client, audit_bucket: str
) -> None:
    assert deliver(record(), record())["batchItemFailures"] == []
    assert deliver(record())["batchItemFailures"] == []
    assert versions(s3, audit_bucket) == [object_key(record())]


def test_bad_record_goes_to_the_dead_letter_queue_at_once_and_alone(
    deliver: Callable[..., BatchAnswer],
    s3: S3Client,
    audit_bucket: str,
    dead_letters: Callable[[], list[DeadLetter]],
) -> None:
    answer = deliver("no JSON", {**record(1), "hash": "0" * 64}, record(2))
    assert answer["batchItemFailures"] == []
    reasons = sorted(letter.attributes["reason"] for letter in dead_letters())
    assert [reason.partition(":")[0] for reason in reasons] == ["hash", "the body is no JSON"]
    assert versions(s3, audit_bucket) == [object_key(record(2))]


def test_record_that_could_not_be_written_is_delivered_again(
    deliver: Callable[..., BatchAnswer], s3: S3Client, audit_bucket: str
) -> None:
    s3.delete_bucket(Bucket=audit_bucket)
    assert len(deliver(record())["batchItemFailures"]) == 1
    s3.create_bucket(Bucket=audit_bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert deliver(record())["batchItemFailures"] == []
    assert versions(s3, audit_bucket) == [object_key(record())]


def test_time_from_request_to_audit_is_measured_once_however_often_the_record_is_delivered(
    deliver: Callable[..., BatchAnswer], measured: Callable[[], list[Measured]]
) -> None:
    before = timestamps.now()
    asked = before - timedelta(seconds=60)
    deliver(record(requestedAt=timestamps.to_text(asked)))
    (delay,) = measured()
    assert (delay.name, delay.unit, delay.dimensions) == ("RequestToAudited", "Milliseconds", {"Environment": "local"})
    assert 60_000 <= delay.value <= (timestamps.now() - asked) / timedelta(milliseconds=1)
    deliver(record(requestedAt=timestamps.to_text(asked)))
    assert measured() == []
