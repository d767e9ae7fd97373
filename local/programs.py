"""Runs programs whose output goes to a log, and ends them in order when the whole command is interrupted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.failure import Failure
from local.locking import held_locks

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

# Terraform finishes what it began and writes its state when it is interrupted.
INTERRUPTED_WITHIN = 45.0
TAIL = 40

_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()
_interrupted = threading.Event()


class Interrupted(KeyboardInterrupt):
    """The whole command was interrupted while this program ran, or before it began."""


def run(
    command: Sequence[str | Path],
    log: Path,
    cwd: Path,
    variables: Mapping[str, str] | None = None,
    accepted: Container[int] = (0,),
    append: bool = False,
) -> int:
    """Run a program to its end.

    Parameters
    ----------
    command
        The program and its arguments.
    log
        File that gets everything it prints, in place of what was there.
    cwd
        Folder to run it in.
    variables
        Its whole environment; this process's by default.
    accepted
        Exit statuses that aren't failures.
    append
        Whether the log keeps what is in it.

    Returns
    -------
    int
        Its exit status.

    Raises
    ------
    Failure
        If it fails, with the end of the log.
    Interrupted
        If it was interrupted.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab" if append else "wb") as output:
        with _lock:
            if _interrupted.is_set():
                raise Interrupted
            # A session of its own keeps the terminal's Ctrl-C from it: `interrupt` passes that on.
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=held_locks(),
            )
            _running.add(process)
        try:
            status = process.wait()
        except KeyboardInterrupt:
            interrupt()
            raise
        finally:
            with _lock:
                _running.discard(process)
    if _interrupted.is_set():
        raise Interrupted
    if status not in accepted:
        raise Failure(f"{_shown(command)} failed; all of it is in {log}", tail(log))
    return status


def interrupt() -> None:
    """Interrupt every running program and its children, wait for them, and let none begin any more."""
    with _lock:
        _interrupted.set()
        processes = list(_running)
    for process in processes:
        _signal(process, signal.SIGINT)
    deadline = time.monotonic() + INTERRUPTED_WITHIN
    for process in processes:
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)


def tail(log: Path, lines: int = TAIL) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _signal(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join([Path(command[0]).name, *map(str, command[1:])])
