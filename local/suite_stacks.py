"""The stacks that suites run on, and what a run keeps until its end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from local import ministack
from local.failure import Failure
from local.layout import STATE, StackFolder, chosen_stack
from local.locking import stack_locked
from local.processes import KnownProcess, identify
from local.stack import bring_up
from local.teardown import remove

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.steps import Steps

# Says whose something is, so that a later run can remove it when its owner was killed.
OWNER = "owner.json"


@contextmanager
def any_stack(steps: Steps) -> Iterator[StackFolder]:
    """Use the stack of ``PORT`` if it runs, brought up to date, or else one of the run's own."""
    folder = chosen_stack()
    if ministack.running(folder):
        with stack_locked(folder):
            bring_up(folder, steps)
        yield folder
        return
    with own_stack(steps) as folder:
        yield folder


@contextmanager
def own_stack(steps: Steps) -> Iterator[StackFolder]:
    """Bring up a stack on a free port, and remove it whatever happens."""
    folder = StackFolder(ministack.free_port())
    own(folder.path)
    try:
        with stack_locked(folder):
            bring_up(folder, steps)
        yield folder
    finally:
        with steps.step("removal of the stack"):
            remove(folder)
            folder.lock.unlink(missing_ok=True)


@contextmanager
def own_ministack() -> Iterator[StackFolder]:
    """Start a MiniStack on a free port, with nothing in it, and remove it whatever happens."""
    folder = StackFolder(ministack.free_port())
    own(folder.path)
    try:
        with stack_locked(folder):
            ministack.start(folder)
        yield folder
    finally:
        remove(folder)
        folder.lock.unlink(missing_ok=True)


def own(folder: Path) -> None:
    """Mark a folder as this process's own."""
    folder.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: another run may look at it right now.
    unfinished = folder / f"{OWNER}.unfinished"
    unfinished.write_text(json.dumps(asdict(identify(os.getpid()))) + "\n", encoding="utf-8")
    unfinished.replace(folder / OWNER)


def sweep() -> None:
    """Remove stacks and logs of runs that ended without doing so, but no stack on which a deployment still works."""
    for file in STATE.glob(f"test/*/{OWNER}"):
        if not _owner_runs(file):
            shutil.rmtree(file.parent, ignore_errors=True)
    for file in STATE.glob(f"*/{OWNER}"):
        folder = StackFolder(int(file.parent.name))
        # A deployment outlives a killed run, and holds the lock until it ends.
        with contextlib.suppress(Failure):
            if not _owner_runs(file):
                with stack_locked(folder):
                    remove(folder)
                    folder.lock.unlink(missing_ok=True)


def _owner_runs(file: Path) -> bool:
    return KnownProcess(**json.loads(file.read_text(encoding="utf-8"))).runs()
