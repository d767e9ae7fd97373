"""What answers for AWS: the same few answers to everybody, on loopback, as late as the address says.

``http://127.0.0.1:PORT/5`` answers every request after 5 ms. Nothing is stored: a product is always there as it was.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

LOOPBACK = "127.0.0.1"

JSON, XML, BYTES = "application/x-amz-json-1.0", "application/xml", "binary/octet-stream"


class PortUnusable(Exception):
    """Something else listens on the port, or it isn't for users."""


class Answer:
    """An answer to every request of a kind.

    Parameters
    ----------
    body
        What it holds.
    content_type
        What that is.
    headers
        More of them.
    """

    def __init__(self, body: bytes = b"", content_type: str = JSON, headers: Mapping[str, str] | None = None) -> None:
        lines = [
            "HTTP/1.1 200 OK",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            "x-amzn-RequestId: canned",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        self.bytes = "\r\n".join([*lines, "", ""]).encode() + body


class CannedAws:
    """The endpoint; a context, at whose end nothing of it is left.

    Parameters
    ----------
    operations
        By ``DynamoDB_20120810.GetItem`` and the like, what answers a request's parameters.
    s3
        Answers path and query of a GET.
    port
        Where it listens; 0 for any that is free.

    Raises
    ------
    PortUnusable
        When it is entered.
    """

    def __init__(
        self,
        operations: Mapping[str, Callable[[dict[str, object]], Answer]],
        s3: Callable[[str, Mapping[str, list[str]]], Answer],
        port: int = 0,
    ) -> None:
        self.operations = operations
        self.s3 = s3
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> CannedAws:
        try:
            server = self._loop.run_until_complete(
                self._loop.create_server(lambda: _Connection(self), LOOPBACK, self.port, backlog=256)
            )
        except OSError as error:
            self._loop.close()
            raise PortUnusable(f"port {self.port} can't be used: {os.strerror(error.errno or 0)}") from None
        self.port = server.sockets[0].getsockname()[1]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def url(self, delay_ms: int) -> str:
        """Return the address that answers so late."""
        return f"http://{LOOPBACK}:{self.port}/{delay_ms}"


class _Connection(asyncio.Protocol):
    def __init__(self, aws: CannedAws) -> None:
        self._aws = aws
        self._received = b""
        self._told_to_continue = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        request_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if len(body) < int(headers.get("content-length", 0)):
            if headers.get("expect") and not self._told_to_continue:
                self._told_to_continue = True
                self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        # Clients wait for each answer before they ask again.
        self._received, self._told_to_continue = b"", False
        method, target, _ = request_line.split(" ")
        delay_ms, answer = self._answer(method, target, headers, body)
        if delay_ms:
            asyncio.get_running_loop().call_later(delay_ms / 1000, self._write, answer.bytes)
        else:
            self._write(answer.bytes)

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Answer]:
        address = urlsplit(target)
        delay_ms, _, path = address.path.removeprefix("/").partition("/")
        if operation := headers.get("x-amz-target"):
            return int(delay_ms), self._aws.operations[operation](json.loads(body))
        if method == "PUT":
            return int(delay_ms), Answer(content_type=XML, headers={"ETag": '"canned"'})
        return int(delay_ms), self._aws.s3(path, parse_qs(address.query, keep_blank_values=True))

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)  # type: ignore[attr-defined]
