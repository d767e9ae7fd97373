"""The bucket that holds Terraform's states and their locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.credentials import session
from local.layout import REGION, REPOSITORIES, STATE_BUCKET, StackFolder, state_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def s3(folder: StackFolder) -> S3Client:
    """Return a client for a stack's S3."""
    from botocore.config import Config

    client: S3Client = session().client(
        "s3", endpoint_url=folder.endpoint_url, config=Config(s3={"addressing_style": "path"})
    )
    return client


def make(folder: StackFolder) -> bool:
    """Make the bucket.

    Returns
    -------
    bool
        False if it was there.
    """
    client = s3(folder)
    if STATE_BUCKET in (bucket["Name"] for bucket in client.list_buckets()["Buckets"]):
        return False
    client.create_bucket(Bucket=STATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return True


def read(folder: StackFolder, key: str) -> bytes | None:
    """Return an object of the bucket, None if it isn't there."""
    client = s3(folder)
    try:
        return client.get_object(Bucket=STATE_BUCKET, Key=key)["Body"].read()
    except (client.exceptions.NoSuchKey, client.exceptions.NoSuchBucket):
        return None


def held_locks(folder: StackFolder) -> list[str]:
    """Return the keys of the state locks that somebody holds, or left behind when they were killed."""
    client = s3(folder)
    try:
        there = {entry["Key"] for entry in client.list_objects_v2(Bucket=STATE_BUCKET).get("Contents", [])}
    except client.exceptions.NoSuchBucket:
        return []
    return sorted(there & {f"{state_key(repository)}.tflock" for repository in REPOSITORIES})


def release(folder: StackFolder, key: str) -> None:
    """Remove a lock that nobody holds any more."""
    s3(folder).delete_object(Bucket=STATE_BUCKET, Key=key)
