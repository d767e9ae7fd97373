"""Starts and stops what serves the reference page beside one stack.

Imports the standard library alone, so that a stack can be stopped without any virtual environment.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict

from local.failure import Failure
from local.layout import REFERENCE_PAGE, ROOT, StackFolder
from local.ministack import port_is_taken
from local.processes import KnownProcess, end, identify

# Not the next port, which is the one for the next stack.
PORTS_APART = 1000

STOPPED_WITHIN = 5.0


def running(folder: StackFolder) -> str | None:
    """Return the address of a stack's reference page, or None if nothing serves it."""
    known = _known(folder)
    return _address(known[1]) if known else None


def start(folder: StackFolder) -> str:
    """Serve the reference page for a stack, unless that is done already.

    It is a thousand ports above the stack, or on any free port where that one is taken.

    Returns
    -------
    str
        Its address.

    Raises
    ------
    Failure
        If it isn't served then.
    """
    address = running(folder)
    if address is None:
        with _listen(folder.port + PORTS_APART) as listener:
            port = listener.getsockname()[1]
            _serve(folder, listener, port)
        address = _address(port)
    try:
        with urllib.request.urlopen(address, timeout=10.0):
            return address
    except OSError as error:
        stop(folder)
        raise Failure(f"it isn't served at {address} ({error}); {folder.page_log} may say more") from None


def stop(folder: StackFolder) -> None:
    """Stop serving a stack's reference page."""
    known = _known(folder)
    if known:
        process, port = known
        end(process, STOPPED_WITHIN)
        # It counts as ended when its first thread has; the others may hold the port a moment longer.
        deadline = time.monotonic() + STOPPED_WITHIN
        while port_is_taken(port) and time.monotonic() < deadline:
            time.sleep(0.02)
    folder.page_process.unlink(missing_ok=True)


def _known(folder: StackFolder) -> tuple[KnownProcess, int] | None:
    """Return the process that serves the page of a stack, and its port, if it runs."""
    try:
        content = json.loads(folder.page_process.read_text(encoding="utf-8"))
        port = int(content.pop("port"))
        process = KnownProcess(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return (process, port) if process.runs() else None


def _listen(preferred: int) -> socket.socket:
    """Return a socket that listens on a port of this computer alone: any free one if the preferred one is taken."""
    if preferred <= 65535:
        try:
            return socket.create_server(("127.0.0.1", preferred))
        except OSError:
            pass
    return socket.create_server(("127.0.0.1", 0))


def _serve(folder: StackFolder, listener: socket.socket, port: int) -> None:
    """Start the process, which gets the socket: nobody else can take the port in between."""
    with folder.page_log.open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-P", str(ROOT / "local" / "static_server.py")),
                *(str(listener.fileno()), str(REFERENCE_PAGE), str(folder.description)),
            ],
            cwd=folder.path,
            env={"LANG": "C.UTF-8", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(listener.fileno(),),
            # Ctrl-C is meant for the command that starts it, not for what it leaves running.
            start_new_session=True,
        )
    known = {**asdict(identify(process.pid)), "port": port}
    folder.page_process.write_text(json.dumps(known) + "\n", encoding="utf-8")


def _address(port: int) -> str:
    return f"http://localhost:{port}/"
