"""Serves the reference page, and in ``config.json`` the address and the writer's key of the stack beside it.

Run as ``static_server.py SOCKET PAGES DESCRIPTION``: the descriptor of a socket that listens, the page's folder, and
the stack's ``stack.json``, which is read for each answer because the stack may be made anew.

The key opens nothing but a stack on this computer, but no page from elsewhere gets it: not by reading it from another
origin (no CORS, and not as a script), and not under a name of its own that leads here (DNS rebinding).
"""

from __future__ import annotations

import json
import socket
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from io import BufferedIOBase

# Whose key the page gets: only a writer can try everything.
CLIENT = "admin"


class Stack(TypedDict):
    """What is wanted of a stack's ``stack.json``."""

    apiUrl: str
    apiKeys: dict[str, str]


class PageHandler(SimpleHTTPRequestHandler):
    """Answers one connection's requests.

    Parameters
    ----------
    description
        The stack's ``stack.json``.
    """

    protocol_version = "HTTP/1.1"
    server_version = "ReferencePage"
    sys_version = ""

    def __init__(self, *arguments: object, description: Path, directory: str) -> None:
        self._description = description
        super().__init__(*arguments, directory=directory)  # type: ignore[arg-type]

    def send_head(self) -> BufferedIOBase | None:  # type: ignore[override]
        """Send status and headers, and return the body if it is a file."""
        port = self.server.server_address[1]  # type: ignore[index]
        if self.headers.get("Host") not in {f"localhost:{port}", f"127.0.0.1:{port}"}:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if urlsplit(self.path).path != "/config.json":
            return super().send_head()  # type: ignore[return-value]
        stack = self._stack()
        if stack is None:
            self.send_error(HTTPStatus.NOT_FOUND, "The stack isn't wholly deployed")
            return None
        config = {"server": stack["apiUrl"], "client": CLIENT, "key": stack["apiKeys"][CLIENT]}
        body = json.dumps(config).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        return None

    def list_directory(self, path: object) -> None:
        """Refuse to list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Add what every answer carries."""
        stack = self._stack()
        api = "" if stack is None else "{0.scheme}://{0.netloc}".format(urlsplit(stack["apiUrl"]))
        policy = (
            "default-src 'none'",
            f"connect-src 'self' {api}".rstrip(),
            "script-src 'self'",
            # Swagger UI sets styles, and has its symbols in its style sheet.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
        self.send_header("Content-Security-Policy", "; ".join(policy))
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep quiet about requests that were answered."""

    def _stack(self) -> Stack | None:
        try:
            return cast("Stack", json.loads(self._description.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None


def server(listener: socket.socket, pages: Path, description: Path) -> ThreadingHTTPServer:
    """Return a server for a socket that listens.

    Parameters
    ----------
    listener
        The socket, which is the server's from now on.
    pages
        The page's folder.
    description
        The stack's ``stack.json``.
    """
    handler = partial(PageHandler, description=description, directory=str(pages))
    made = ThreadingHTTPServer(listener.getsockname(), handler, bind_and_activate=False)
    made.socket.close()
    made.socket = listener
    return made


if __name__ == "__main__":
    descriptor, pages, description = sys.argv[1:]
    server(socket.socket(fileno=int(descriptor)), Path(pages), Path(description)).serve_forever()
