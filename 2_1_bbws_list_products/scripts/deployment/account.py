"""Whether the credentials at hand are those of an environment."""

from __future__ import annotations

import boto3

from deployment import terraform


def check(environment: str) -> None:
    """End the script unless the credentials are for the environment's account.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        There are no credentials, or AWS refuses them or can't be reached.
    """
    client = boto3.client("sts", region_name=terraform.region(environment))
    account: str = client.get_caller_identity()["Account"]
    if account != terraform.account_id(environment):
        terraform.fail(f"these credentials are for account {account}, which is not that of {environment}")
