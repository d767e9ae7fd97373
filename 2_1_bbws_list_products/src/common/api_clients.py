"""Who calls: the API's clients and their roles, known by the fingerprints of their keys."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import Forbidden

if TYPE_CHECKING:
    from common.api import Request

FINGERPRINT_DIGITS = 16


@dataclass(frozen=True)
class ApiClient:
    """A client of the API; `role` is ``reader`` or ``writer``."""

    name: str
    role: str

    @property
    def is_writer(self) -> bool:
        """Whether the client may change products and see withdrawn ones."""
        return self.role == "writer"


class ApiClients:
    """All clients, by key.

    Parameters
    ----------
    text : str
        The setting ``API_CLIENTS``: a JSON map from the first 16 hexadecimal digits of SHA-256(key) to ``name`` and
        ``role``. So no function's settings hold a key.
    """

    def __init__(self, text: str) -> None:
        self._by_fingerprint = {
            fingerprint: ApiClient(client["name"], client["role"]) for fingerprint, client in json.loads(text).items()
        }

    def client_of(self, request: Request) -> ApiClient:
        """Return the client whose key the request carries; the gateway has checked the key already.

        Raises
        ------
        Forbidden
            The key belongs to none of them.
        """
        key = request.headers.get("x-api-key", "")
        client = self._by_fingerprint.get(hashlib.sha256(key.encode()).hexdigest()[:FINGERPRINT_DIGITS])
        if client is None:
            raise Forbidden("the API key is not one of this service's clients")
        return client

    def writer_of(self, request: Request) -> ApiClient:
        """Return the client whose key the request carries, which must be a writer.

        Raises
        ------
        Forbidden
            The key belongs to no client, or to a reader.
        """
        client = self.client_of(request)
        if not client.is_writer:
            raise Forbidden("the API key may read products but not change them")
        return client
