from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from local import generation, ministack, state_bucket
from local.generation import Generation, is_lost
from local.repository import is_noted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.layout import StackFolder


@pytest.fixture
def stack(folder: StackFolder) -> Iterator[StackFolder]:
    """A stack that runs and has its token."""
    generation.renew(folder, ministack.start(folder))
    yield folder
    ministack.stop(folder)


@pytest.mark.parametrize(
    ("left", "found", "lost"),
    [
        (None, None, False),
        (Generation("a", "1"), "a", False),
        (Generation("a", "1"), None, True),
        (Generation("b", "1"), "a", True),
        (None, "a", True),
    ],
    ids=["never begun", "as it was left", "nothing came back", "an older state came back", "the file was removed"],
)
def test_a_stack_is_lost_when_its_token_is_not_the_one_on_disk(
    left: Generation | None, found: str | None, lost: bool
) -> None:
    assert is_lost(left, found) is lost


def test_a_stack_that_was_stopped_in_order_comes_back(stack: StackFolder) -> None:
    state_bucket.make(stack)
    assert ministack.stop(stack)
    assert ministack.running(stack) is None

    ministack.start(stack)

    assert not generation.lost(stack)
    assert not state_bucket.make(stack)


def test_a_killed_stack_is_lost_even_though_an_older_state_comes_back(stack: StackFolder) -> None:
    ministack.stop(stack)
    process = ministack.start(stack)
    generation.renew(stack, process)
    os.kill(process.pid, signal.SIGKILL)
    while ministack.running(stack):
        time.sleep(0.02)

    ministack.start(stack)

    assert generation.lost(stack)


def test_the_token_changes_with_each_start_and_only_then(stack: StackFolder) -> None:
    first = generation.on_disk(stack)
    process = ministack.running(stack)
    assert first is not None
    assert process is not None
    generation.renew(stack, process)
    assert generation.on_disk(stack) == first

    ministack.stop(stack)
    generation.renew(stack, ministack.start(stack))

    again = generation.on_disk(stack)
    assert again is not None
    assert again.token != first.token


def test_a_function_counts_as_tried_until_the_next_start(stack: StackFolder) -> None:
    stack.tried.mkdir()
    (stack.tried / "2_1_bbws_get_product").write_text("as it is now")
    assert is_noted(stack.tried, "2_1_bbws_get_product", "as it is now")
    assert not is_noted(stack.tried, "2_1_bbws_get_product", "as it is since")

    ministack.stop(stack)
    ministack.start(stack)

    assert not is_noted(stack.tried, "2_1_bbws_get_product", "as it is now")
