from __future__ import annotations

import os
import subprocess
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from local import programs
from local.locking import locked

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_program_begins_while_another_thread_lets_locks_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, beginning, let_go = threading.Event(), threading.Event(), threading.Event()
    popen = subprocess.Popen

    def slow(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        beginning.set()
        # As long as the other thread needs, if nothing keeps it from letting go.
        let_go.wait(0.5)
        return popen(*arguments, **options)

    def hold() -> None:
        with ExitStack() as locks:
            # More than the descriptors that a beginning program opens, which could stand in for some of them.
            for number in range(10):
                locks.enter_context(locked(tmp_path / f"{number}.lock"))
            taken.set()
            beginning.wait()
        let_go.set()

    monkeypatch.setattr(subprocess, "Popen", slow)
    other = threading.Thread(target=hold)
    other.start()
    taken.wait()

    assert programs.run(["true"], tmp_path / "log", tmp_path) == 0
    other.join()


def test_a_lock_that_was_let_go_is_free_though_another_thread_s_program_inherited_it(tmp_path: Path) -> None:
    lock, pipe = tmp_path / "lock", tmp_path / "pipe"
    os.mkfifo(pipe)
    with locked(lock):
        other = threading.Thread(
            target=programs.run, args=(["sh", "-c", f"echo > {pipe}; cat {pipe}"], tmp_path / "log", tmp_path)
        )
        other.start()
        # It runs now.
        pipe.read_bytes()

    try:
        with locked(lock, "still held"):
            pass
    finally:
        pipe.write_bytes(b"end")
        other.join()
