"""What every test stands on: AWS played by moto, which is there before any client is made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.update(
    {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
)
for _name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION"):
    os.environ.pop(_name, None)


@pytest.fixture(scope="session", autouse=True)
def mocked_aws() -> Iterator[Any]:
    """Let no request out to the real AWS, whatever a test does."""
    with mock_aws() as mocked:
        yield mocked


@pytest.fixture
def empty_aws(mocked_aws: Any) -> Iterator[None]:
    """Give a test an AWS of its own, with nothing in it."""
    yield
    mocked_aws.reset()
