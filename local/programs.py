"""Runs programs whose output goes to a log, and ends them, in order if possible, when the command is interrupted."""

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
# What keeps nothing needs no longer.
TEST_INTERRUPTED_WITHIN = 5.0
# A moment, unless the system is at its end.
KILLED_WITHIN = 5.0
TAIL = 40

# What only needs the processors lets those go first that somebody waits for.
IN_THE_BACKGROUND = ("nice", "-n", "10")

# The id of the command's process, in the environment of all that it starts, and of what that starts in turn.
COMMAND = "LOCAL_COMMAND"

_lock = threading.Lock()
# Each with how long to wait for it once it is interrupted, in seconds.
_running: dict[subprocess.Popen[bytes], float] = {}
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
    patience: float = INTERRUPTED_WITHIN,
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
    patience
        How many seconds it has to end, when it is interrupted, before it is killed.

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
            with held_locks() as locks:
                # A session of its own keeps the terminal's Ctrl-C from it: `interrupt` passes that on.
                process = subprocess.Popen(
                    [str(part) for part in command],
                    cwd=cwd,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=locks,
                )
            _running[process] = patience
        try:
            status = process.wait()
        except KeyboardInterrupt:
            interrupt()
            raise
        finally:
            with _lock:
                del _running[process]
    if _interrupted.is_set():
        raise Interrupted
    if status not in accepted:
        raise Failure(f"{_shown(command)} failed; all of it is in {log}", tail(log))
    return status


def interrupt() -> None:
    """Interrupt every running program and its children, wait for them, and let none begin any more."""
    with _lock:
        _interrupted.set()
        processes = dict(_running)
    for process in processes:
        _signal(process, signal.SIGINT)
    began = time.monotonic()
    for process, patience in processes.items():
        try:
            process.wait(timeout=max(0.0, began + patience - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
    _kill_stragglers()


def _kill_stragglers() -> None:
    """Kill what those programs left behind: it may be in a session of its own, where their signals don't reach."""
    # Until the packages are there, nothing has run that leaves anything.
    with contextlib.suppress(ImportError):
        import psutil

        killed = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid != os.getpid() and process.environ().get(COMMAND) == str(os.getpid()):
                    process.kill()
                    killed.append(process)
        psutil.wait_procs(killed, KILLED_WITHIN)


def tail(log: Path, lines: int = TAIL) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _signal(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join([Path(command[0]).name, *map(str, command[1:])])
