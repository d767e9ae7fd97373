"""What lies in an environment's state bucket beside Terraform's states.

    plans/{repository}/{content}/{SHA-256}.tfplan and .zip     what was planned, until it is applied
    deployed/{repository}/{content}.json                       what was deployed and tried
    deployed/{repository}/refused/{version}                    which version was tried and taken away again
    dropped/{queue}/{message}.json                             what somebody deleted from a dead-letter queue

A plan holds secrets: the bucket is private and encrypted. What lies there under its own SHA-256 can't be mistaken.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import boto3

from deployment import terraform

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Missing(Exception):
    """The bucket has no such object."""


class StateBucket:
    """The state bucket of an environment.

    Parameters
    ----------
    environment
        One of `terraform.environments()`.
    """

    def __init__(self, environment: str) -> None:
        backend = (terraform.ROOT / "environments" / f"{environment}.s3.tfbackend").read_text(encoding="utf-8")
        found = re.search(r'^bucket\s*=\s*"([^"]+)"', backend, re.MULTILINE)
        if found is None:
            terraform.fail(f"environments/{environment}.s3.tfbackend names no bucket")
        self.name = found[1]
        self.client: S3Client = boto3.client("s3", region_name=terraform.region(environment))

    def get(self, key: str) -> bytes:
        """Return an object.

        Raises
        ------
        Missing
            There is none.
        """
        try:
            return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            raise Missing(key) from None
        except self.client.exceptions.NoSuchBucket:
            terraform.fail(f"the state bucket {self.name} does not exist: make it first")

    def put(self, key: str, body: bytes) -> None:
        """Put an object in its place."""
        try:
            self.client.put_object(Bucket=self.name, Key=key, Body=body)
        except self.client.exceptions.NoSuchBucket:
            terraform.fail(f"the state bucket {self.name} does not exist: make it first")

    def outputs(self, repository: str) -> dict[str, Any] | None:
        """Return the outputs in a repository's Terraform state; None if it has none."""
        try:
            state = json.loads(self.get(f"{repository}/terraform.tfstate"))
        except Missing:
            return None
        return {name: output["value"] for name, output in state["outputs"].items()}


def sha256(content: bytes) -> str:
    """Return the SHA-256 (hex) of some content."""
    return hashlib.sha256(content).hexdigest()


def planned(repository: str, content: str, checksum: str, suffix: str) -> str:
    """Return the key of something planned.

    Parameters
    ----------
    content
        The hash of the repository's tree.
    checksum
        SHA-256 (hex) of the object.
    suffix
        ``tfplan`` or ``zip``.
    """
    return f"plans/{repository}/{content}/{checksum}.{suffix}"


def deployed(repository: str, content: str) -> str:
    """Return the key of the note that some content was deployed and tried."""
    return f"deployed/{repository}/{content}.json"


def refused(repository: str, version: str) -> str:
    """Return the key of the note that a version was tried and taken away again."""
    return f"deployed/{repository}/refused/{version}"


def dropped(queue: str, message_id: str) -> str:
    """Return the key of a message that somebody deleted from a dead-letter queue."""
    return f"dropped/{queue}/{message_id}.json"
