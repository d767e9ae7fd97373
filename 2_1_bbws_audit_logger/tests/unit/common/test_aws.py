"""Clients for AWS, and which failures pass by themselves."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from common import aws

KEY = {"PK": {"S": "A"}, "SK": {"S": "B"}}


def answered(status, code):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")


@pytest.mark.parametrize(
    "error",
    [
        answered(400, "ProvisionedThroughputExceededException"),
        answered(400, "ThrottlingException"),
        answered(400, "RequestLimitExceeded"),
        answered(400, "TransactionInProgressException"),
        answered(403, "RequestThrottled"),
        answered(429, "SomethingNew"),
        answered(500, "InternalServerError"),
        answered(503, "SlowDown"),
        ReadTimeoutError(endpoint_url="https://sqs.example"),
        ConnectTimeoutError(endpoint_url="https://sqs.example"),
        EndpointConnectionError(endpoint_url="https://sqs.example"),
        ConnectionClosedError(endpoint_url="https://sqs.example"),
    ],
    ids=lambda error: aws.error_code(error) if isinstance(error, ClientError) else type(error).__name__,
)
def test_throttling_failing_and_silence_pass(error):
    assert aws.is_passing(error)


@pytest.mark.parametrize(
    "error",
    [
        answered(400, "AccessDeniedException"),
        answered(400, "ConditionalCheckFailedException"),
        answered(400, "ValidationException"),
        answered(404, "ResourceNotFoundException"),
        ClientError({}, "Operation"),
        NoCredentialsError(),
        ParamValidationError(report="no such parameter"),
        TimeoutError(),
        RuntimeError(),
    ],
    ids=lambda error: (isinstance(error, ClientError) and aws.error_code(error)) or type(error).__name__,
)
def test_refusals_and_mistakes_do_not_pass(error):
    assert not aws.is_passing(error)


def test_error_code_is_what_aws_answered():
    assert aws.error_code(answered(400, "PreconditionFailed")) == "PreconditionFailed"
    assert aws.error_code(ClientError({}, "Operation")) == ""


def test_single_failure_is_tried_again_before_anybody_hears_of_it(table, aws_fails):
    aws_fails(table.client, "GetItem", status=500, code="InternalServerError", times=1)

    assert table.item({"PK": "A", "SK": "B"}) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
        (400, "ThrottlingException"),
        (400, "ProvisionedThroughputExceededException"),
    ],
)
def test_failures_in_a_row_are_recognised_as_passing(table, aws_fails, status, code):
    aws_fails(table.client, "GetItem", status=status, code=code)

    with pytest.raises(ClientError) as caught:
        table.client.get_item(TableName=table.name, Key=KEY)

    assert aws.error_code(caught.value) == code
    assert aws.is_passing(caught.value)


def test_silence_is_recognised_as_passing(table, aws_fails):
    aws_fails(table.client, "GetItem", error=ReadTimeoutError(endpoint_url="https://dynamodb.example"))

    with pytest.raises(ReadTimeoutError) as caught:
        table.client.get_item(TableName=table.name, Key=KEY)

    assert aws.is_passing(caught.value)


def test_missing_table_is_recognised_as_not_passing(dynamodb):
    with pytest.raises(ClientError) as caught:
        dynamodb.get_item(TableName="no-such-table", Key=KEY)

    assert not aws.is_passing(caught.value)


def test_longest_row_of_calls_ends_before_the_gateway_gives_up(dynamodb, sqs):
    for client in (dynamodb, sqs):
        config = client.meta.config
        attempts = config.retries["total_max_attempts"]
        # Seconds; standard retries pause for at most one before the second attempt.
        longest_call = attempts * (config.connect_timeout + config.read_timeout) + (attempts - 1)
        assert 3 * longest_call < 29
