"""Who talks to a local stack: the root of its account, which MiniStack doesn't authenticate."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from local.layout import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    import boto3

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
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": folder.endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@cache
def session() -> boto3.Session:
    """Return a session with the root's credentials."""
    import boto3

    return boto3.Session(aws_access_key_id=ACCOUNT_ID, aws_secret_access_key=SECRET, region_name=REGION)
