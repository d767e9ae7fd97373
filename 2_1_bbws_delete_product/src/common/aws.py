"""Clients for AWS, and which of their failures pass by themselves.

The clients come from botocore itself: boto3 adds a tenth of a second to every cold start and nothing that is used here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectionFailed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# One for all clients: each session reads botocore's tables of partitions and endpoints anew, which takes 45 ms.
_SESSION = botocore.session.get_session()

# Four calls in a row that all time out twice (the most an API function makes) still end before the gateway
# gives up after 29 s, so that the caller gets our answer and not the gateway's.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})

# DynamoDB answers 400 when it throttles, so the status alone doesn't tell.
# Source: "Error handling with DynamoDB" and the common errors of SQS and S3 in the AWS API references.
_PASSING_ERRORS = frozenset(
    {
        "KMSThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
def client(service: Literal["dynamodb", "sqs", "s3"]) -> object:
    """Return a client of an AWS service, for the region and credentials of the environment."""
    return _SESSION.create_client(service, config=_CONFIG)


def error_code(error: ClientError) -> str:
    """Return the code of an error that AWS answered, such as ``ConditionalCheckFailedException``."""
    return error.response.get("Error", {}).get("Code", "")


def is_passing(error: Exception) -> bool:
    """Tell whether a failed call may succeed when made again: AWS throttled it, failed, or could not be reached."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or error_code(error) in _PASSING_ERRORS
    return isinstance(error, (ConnectionFailed, HTTPClientError))
