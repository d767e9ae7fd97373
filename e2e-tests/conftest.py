"""Where the API is and with which keys the tests call it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("product_api")

from product_api import ProductApi, Products  # noqa: E402  its assertions are rewritten first

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Deployment:
    """An API's address, a writer's key and, where they are known, a reader's and the address of its reference page."""

    url: str
    writer_key: str
    reader_key: str | None
    reference_page_url: str | None = None


class NoDeployment(Exception):
    """Nothing says which API to test."""


def find_deployment() -> Deployment:
    if url := os.environ.get("API_URL"):
        if not (key := os.environ.get("API_KEY")):
            raise NoDeployment("API_URL is set, but API_KEY isn't: give it the key of a writer of that API")
        return Deployment(url.rstrip("/"), key, os.environ.get("API_KEY_READER") or None)
    port = os.environ.get("PORT") or "4566"
    description = Path(os.environ.get("STACK") or ROOT / ".local" / port / "stack.json")
    if not description.is_file():
        raise NoDeployment(
            f"There is no API to test: {description} is not there. Bring up the local stack (make up) or name an "
            "API: API_URL=https://…/v1.0 API_KEY=…"
        )
    stack = json.loads(description.read_text(encoding="utf-8"))
    return Deployment(
        stack["apiUrl"].rstrip("/"),
        stack["apiKeys"]["admin"],
        stack["apiKeys"]["storefront"],
        stack["referencePageUrl"],
    )


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    try:
        return find_deployment()
    except NoDeployment as problem:
        pytest.exit(str(problem), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture(scope="session")
def writer(deployment: Deployment) -> ProductApi:
    """The API through a writer's key."""
    return ProductApi(deployment.url, deployment.writer_key)


@pytest.fixture(scope="session")
def reader(deployment: Deployment) -> ProductApi:
    """The API through a reader's key."""
    if deployment.reader_key is None:
        pytest.skip("needs a reader's key: set API_KEY_READER")
    return ProductApi(deployment.url, deployment.reader_key)


@pytest.fixture(scope="session")
def stranger(deployment: Deployment) -> ProductApi:
    """The API without a key."""
    return ProductApi(deployment.url, None)


@pytest.fixture(scope="session")
def products(writer: ProductApi) -> Iterator[Products]:
    """What this run makes; withdrawn at its end."""
    made = Products(writer)
    yield made
    made.withdraw_all()
