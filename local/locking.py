"""Locks between processes, let go by the system when their holders have ended, however they ended."""

from __future__ import annotations

import fcntl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.layout import StackFolder

_held: set[int] = set()
# Held while a lock is let go, and while a program begins that inherits it.
_letting_go = threading.Lock()


@contextmanager
def locked(path: Path, busy: str | None = None) -> Iterator[None]:
    """Hold a lock file.

    Parameters
    ----------
    path
        The lock file; it stays behind.
    busy
        What to say when somebody else holds it. Without it, wait.

    Raises
    ------
    Failure
        If it is held, and `busy` is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            raise Failure(busy or "") from None
        with _letting_go:
            _held.add(file.fileno())
        yield
    finally:
        with _letting_go:
            _held.discard(file.fileno())
            # Not by closing alone: programs that have nothing to do with it may have inherited it, and run on.
            fcntl.flock(file, fcntl.LOCK_UN)
            file.close()


@contextmanager
def held_locks() -> Iterator[tuple[int, ...]]:
    """Give the descriptors of this process's locks, none of which another thread lets go meanwhile.

    A program that inherits them holds the locks too: whoever comes later then waits for it even if this process
    was killed in the meantime.
    """
    with _letting_go:
        yield tuple(_held)


@contextmanager
def stack_locked(folder: StackFolder) -> Iterator[None]:
    """Hold the right to change a stack.

    Raises
    ------
    Failure
        If another command holds it.
    """
    with locked(folder.lock, f"another make is working on the stack of port {folder.port}: wait until it has finished"):
        yield
