"""Processes by their ids, without mistaking a newer process for an older one that had the same id."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


def identity(pid: int) -> str | None:
    """Return when a running process started, in the system's own terms, which tells it from any other with its id.

    Returns
    -------
    str or None
        None if there is no such process, or it has ended and only its parent hasn't noticed.
    """
    try:
        reaped, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        reaped = 0
    if reaped == pid:
        return None
    try:
        # The name, in brackets, may hold anything; the fields after it are numbered from 3.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout.split(maxsplit=1)
    return None if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()


@dataclass(frozen=True)
class KnownProcess:
    """A process that can be told from any other, in another process too.

    Parameters
    ----------
    pid
        Its process id.
    started
        Its `identity`.
    """

    pid: int
    started: str

    def runs(self) -> bool:
        """Tell whether this very process still runs."""
        return identity(self.pid) == self.started


def identify(pid: int) -> KnownProcess:
    """Return what tells a running process from any other."""
    return KnownProcess(pid, identity(pid) or "ended at once")


def end(process: KnownProcess, patience: float) -> bool:
    """End a process in order with SIGTERM, or with SIGKILL when that takes too long.

    Parameters
    ----------
    process
        The process; any other that has got its id since is left alone.
    patience
        How long to wait after SIGTERM, in seconds.

    Returns
    -------
    bool
        False if it had to be killed.
    """
    for sign, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        if process.runs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, sign)
        while time.monotonic() < deadline:
            if not process.runs():
                return sign == signal.SIGTERM
            time.sleep(0.05)
    return False
