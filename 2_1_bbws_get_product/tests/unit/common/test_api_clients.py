"""Who calls, and what that one may do."""

from __future__ import annotations

import hashlib
import json

import pytest

from common.api import Request
from common.api_clients import ApiClients
from common.errors import Forbidden

CLIENTS = ApiClients(
    json.dumps(
        {
            hashlib.sha256(b"key-of-admin").hexdigest()[:16]: {"name": "admin", "role": "writer"},
            hashlib.sha256(b"second-key-of-admin").hexdigest()[:16]: {"name": "admin", "role": "writer"},
            hashlib.sha256(b"key-of-shop").hexdigest()[:16]: {"name": "shop", "role": "reader"},
        }
    )
)


@pytest.fixture
def request_with(api_event):
    return lambda key: Request.from_event(api_event(key=key))


@pytest.mark.parametrize(
    ("key", "name", "writer"),
    [("key-of-admin", "admin", True), ("second-key-of-admin", "admin", True), ("key-of-shop", "shop", False)],
)
def test_client_is_known_by_its_key(request_with, key, name, writer):
    client = CLIENTS.client_of(request_with(key))

    assert (client.name, client.is_writer) == (name, writer)


@pytest.mark.parametrize("key", [None, "", "another-key", "key-of-admin ", "KEY-OF-ADMIN", "ключ"])
def test_key_of_no_client_is_forbidden(request_with, key):
    with pytest.raises(Forbidden):
        CLIENTS.client_of(request_with(key))
    with pytest.raises(Forbidden):
        CLIENTS.writer_of(request_with(key))


def test_fingerprint_itself_is_no_key(request_with):
    with pytest.raises(Forbidden):
        CLIENTS.client_of(request_with(hashlib.sha256(b"key-of-admin").hexdigest()[:16]))


def test_writer_may_write(request_with):
    assert CLIENTS.writer_of(request_with("key-of-admin")).name == "admin"


def test_reader_may_not_write_and_is_told_so(request_with):
    with pytest.raises(Forbidden, match="may read products but not change them"):
        CLIENTS.writer_of(request_with("key-of-shop"))
