"""``make down`` and ``make clean``: stop a stack, and remove its data.

Imports the standard library alone: a stack can be stopped whatever became of the virtual environments.
"""

from __future__ import annotations

import shutil

from local import ministack, page_server
from local.layout import StackFolder, chosen_stack
from local.locking import stack_locked


def down() -> int:
    """Stop the stack of ``PORT``; its data stays."""
    folder = chosen_stack()
    with stack_locked(folder):
        page_server.stop(folder)
        if ministack.stop(folder):
            print(f"the stack of port {folder.port} is stopped; make up brings it back with its data")
        elif folder.description.exists():
            print(f"the stack of port {folder.port} wasn't running; its data is kept")
        else:
            print(f"there is no stack of port {folder.port}")
    return 0


def clean() -> int:
    """Stop the stack of ``PORT`` and remove all that it kept."""
    folder = chosen_stack()
    with stack_locked(folder):
        there = folder.path.exists()
        remove(folder)
    print(f"the stack of port {folder.port} is gone" if there else f"there is no stack of port {folder.port}")
    return 0


def remove(folder: StackFolder) -> None:
    """End a stack and remove all that it kept."""
    page_server.stop(folder)
    ministack.kill(folder)
    shutil.rmtree(folder.path, ignore_errors=True)
