"""Clients for AWS, and calls that outlast its bad moments."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Literal, TypeVar, overload

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from common.aws import is_passing

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Result = TypeVar("Result")

_SESSION = botocore.session.get_session()

ATTEMPTS = 4

# All calls of a client share one allowance for botocore's own attempts, so that many throttled at the same time use it
# up, and the rest of them fail at once. And botocore doesn't try again where a body ends early.
PAUSES_SECONDS = (1, 2, 4, 8, 16)


@overload
def client(service: Literal["dynamodb"], connections: int) -> DynamoDBClient: ...
@overload
def client(service: Literal["s3"], connections: int) -> S3Client: ...
def client(service: Literal["dynamodb", "s3"], connections: int) -> object:
    """Return a client of an AWS service, for as many calls at a time as there are connections."""
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    # As all of AWS's tools do; botocore itself knows AWS_DEFAULT_REGION and the profile's region alone.
    return _SESSION.create_client(service, region_name=os.environ.get("AWS_REGION"), config=config)


def persistently(call: Callable[[], Result]) -> Result:
    """Return what a call returns; one that fails for a reason that passes is made again, for most of a minute.

    Raises
    ------
    botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError
        The last failure.
    """
    for pause in PAUSES_SECONDS:
        try:
            return call()
        except (BotoCoreError, ClientError) as error:
            if not is_passing(error) and not isinstance(error, IncompleteReadError):
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))
    return call()
