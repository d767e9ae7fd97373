"""Which stack the tests look into."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("stack")

from stack import Stack  # noqa: E402  its assertions are rewritten first

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    port = os.environ.get("PORT") or "4566"
    description = Path(os.environ.get("STACK") or ROOT / ".local" / port / "stack.json")
    if not description.is_file():
        pytest.exit(
            f"There is no stack to test: {description} is not there. Bring one up (make up) or name its stack.json: "
            "STACK=…",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )
    stack = Stack(description)
    yield stack
    stack.withdraw_all()
