"""What the tests of the local run share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import layout
from local.layout import StackFolder
from local.ministack import free_port

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackFolder:
    """The folder of a stack that was never brought up, away from the tree's own stacks."""
    monkeypatch.setattr(layout, "STATE", tmp_path)
    stack = StackFolder(free_port())
    stack.path.mkdir()
    return stack
