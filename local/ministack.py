"""Starts and stops the local AWS of one stack.

Imports the standard library alone, so that a stack can be stopped without any virtual environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import asdict

from local.environments import MINISTACK
from local.failure import Failure
from local.layout import ACCOUNT_ID, REGION, ROOT, StackFolder
from local.processes import KnownProcess, end, identify
from local.secret_file import write_secret

READY_WITHIN = 60.0
# It writes its state when it stops.
STOPPED_WITHIN = 60.0


def running(folder: StackFolder) -> KnownProcess | None:
    """Return the process of a stack, or None if it doesn't run."""
    try:
        process = KnownProcess(**json.loads(folder.ministack_process.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return process if process.runs() else None


def root_token(folder: StackFolder) -> str:
    """Return the session token of a stack's root, made when it is first asked for."""
    if not folder.root_token.exists():
        write_secret(folder.root_token, secrets.token_urlsafe(32))
    return str(json.loads(folder.root_token.read_text(encoding="utf-8")))


def variables(folder: StackFolder) -> dict[str, str]:
    """Return the whole environment of a stack's MiniStack, which its functions inherit: nothing of the caller's own."""
    return {
        "HOME": str(folder.ministack / "home"),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "PYTHONNOUSERSITE": "1",
        "TMPDIR": str(folder.ministack / "tmp"),
        "AUTH": "true",
        "ROOT_TOKEN": root_token(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(folder.port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.ministack / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder.ministack / "s3"),
        # Parts that would listen on more ports, or tidy up containers that are none of its business.
        "DOCKER_HOST": f"unix://{folder.ministack / 'no-docker'}",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def port_is_taken(port: int) -> bool:
    """Tell whether something listens on a port of this host."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_ready(port: int) -> bool:
    """Tell whether a MiniStack on a port takes requests."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/ready", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def start(folder: StackFolder) -> KnownProcess:
    """Start a stack's MiniStack with the state that it stopped with, and wait until it takes requests.

    Returns
    -------
    KnownProcess
        The process.

    Raises
    ------
    Failure
        If something else listens on the port, or it doesn't start.
    """
    # One that was killed a moment ago may still be letting go of the port.
    patience = time.monotonic() + 3.0
    while port_is_taken(folder.port) and time.monotonic() < patience:
        time.sleep(0.1)
    if port_is_taken(folder.port):
        other = "another MiniStack" if is_ready(folder.port) else "another program"
        raise Failure(f"port {folder.port} is taken by {other}: stop it, or choose another with PORT={folder.port + 1}")
    # What functions were unpacked into: they are unpacked again, and their processes have ended.
    shutil.rmtree(folder.ministack / "tmp", ignore_errors=True)
    shutil.rmtree(folder.tried, ignore_errors=True)
    for name in ("home", "tmp", "state", "s3"):
        (folder.ministack / name).mkdir(parents=True, exist_ok=True)
    with folder.ministack_log.open("ab") as log:
        process = subprocess.Popen(
            # -P: a script's folder goes before the installed packages otherwise, and this one has a ministack.py too.
            [str(MINISTACK.python), "-P", str(ROOT / "local" / "ministack_server.py")],
            cwd=folder.ministack,
            env=variables(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is meant for the command that starts it, not for what it leaves running.
            start_new_session=True,
        )
    known = identify(process.pid)
    folder.ministack_process.write_text(json.dumps(asdict(known)) + "\n", encoding="utf-8")
    await_ready(folder)
    return known


def await_ready(folder: StackFolder) -> None:
    """Wait until a started MiniStack takes requests.

    Raises
    ------
    Failure
        If it ends, or takes too long.
    """
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(folder.port):
        if running(folder) is None or time.monotonic() > deadline:
            tail = folder.ministack_log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
            raise Failure(f"MiniStack did not start on port {folder.port}", "\n".join(line[:300] for line in tail))
        time.sleep(0.1)


def stop(folder: StackFolder) -> bool:
    """Stop a stack's MiniStack, which keeps its state.

    Returns
    -------
    bool
        False if it wasn't running.

    Raises
    ------
    Failure
        If it had to be killed, which loses its state.
    """
    process = running(folder)
    stopped = process is None or end(process, STOPPED_WITHIN)
    folder.ministack_process.unlink(missing_ok=True)
    if not stopped:
        raise Failure(f"MiniStack on port {folder.port} didn't stop in order and was killed: its data is lost")
    return process is not None


def kill(folder: StackFolder) -> None:
    """End a stack's MiniStack, and the functions that it runs, at once: its state is to be removed anyway."""
    process = running(folder)
    if process:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        # Not more than it takes the system to clear up.
        end(process, 0.0)
    folder.ministack_process.unlink(missing_ok=True)


def forget(folder: StackFolder) -> None:
    """Remove everything that a stopped MiniStack kept."""
    shutil.rmtree(folder.ministack, ignore_errors=True)
