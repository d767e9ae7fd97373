"""Who talks to a local stack: the root of its account, known by a session token (local/ministack_server.py)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, overload

from local import ministack
from local.layout import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    from local.layout import StackFolder

SECRET = "not-checked-locally"  # noqa: S105


def without_accounts() -> dict[str, str]:
    """Return this process's environment without what it says about AWS accounts, Terraform and the calling make."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_", "MAKE", "MFLAGS"))}


def variables(folder: StackFolder) -> dict[str, str]:
    """Return an environment in which everything talks to a local stack."""
    return {
        **without_accounts(),
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": ministack.root_token(folder),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": folder.endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@overload
def client(folder: StackFolder, service: Literal["cloudwatch"]) -> CloudWatchClient: ...
@overload
def client(folder: StackFolder, service: Literal["lambda"]) -> LambdaClient: ...
@overload
def client(folder: StackFolder, service: Literal["logs"]) -> CloudWatchLogsClient: ...
@overload
def client(folder: StackFolder, service: Literal["s3"]) -> S3Client: ...
@overload
def client(folder: StackFolder, service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(folder: StackFolder, service: Literal["ssm"]) -> SSMClient: ...


def client(folder: StackFolder, service: str) -> Any:
    """Return a client for a service of a local stack, with the root's credentials."""
    import boto3

    return boto3.client(
        service,
        endpoint_url=folder.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT_ID,
        aws_secret_access_key=SECRET,
        aws_session_token=ministack.root_token(folder),
    )
