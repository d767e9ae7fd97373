"""The bucket that holds Terraform's states and their locks."""

from __future__ import annotations

from local.credentials import client
from local.layout import BOOTSTRAP_STATE_KEY, REGION, REPOSITORIES, STATE_BUCKET, StackFolder, state_key


def make(folder: StackFolder) -> bool:
    """Make the bucket.

    Returns
    -------
    bool
        False if it was there.
    """
    s3 = client(folder, "s3")
    if STATE_BUCKET in (bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
        return False
    s3.create_bucket(Bucket=STATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return True


def read(folder: StackFolder, key: str) -> bytes | None:
    """Return an object of the bucket, None if it isn't there."""
    s3 = client(folder, "s3")
    try:
        return s3.get_object(Bucket=STATE_BUCKET, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None


def held_locks(folder: StackFolder) -> list[str]:
    """Return the keys of the state locks that somebody holds, or left behind when they were killed."""
    s3 = client(folder, "s3")
    try:
        there = {entry["Key"] for entry in s3.list_objects_v2(Bucket=STATE_BUCKET).get("Contents", [])}
    except s3.exceptions.NoSuchBucket:
        return []
    states = {BOOTSTRAP_STATE_KEY, *map(state_key, REPOSITORIES)}
    return sorted(there & {f"{state}.tflock" for state in states})


def release(folder: StackFolder, key: str) -> None:
    """Remove a lock that nobody holds any more."""
    client(folder, "s3").delete_object(Bucket=STATE_BUCKET, Key=key)
