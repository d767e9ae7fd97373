"""Calls in threads: as many at a time as there are threads, results in order, arguments taken no sooner than needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from audit_verification.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_results_come_in_the_order_of_their_arguments() -> None:
    later = threading.Event()

    def double(number: int) -> int:
        if number == 0:
            later.wait()
        elif number == 3:
            later.set()
        return 2 * number

    with Threads(4) as threads:
        assert list(threads.map(double, range(200))) == list(range(0, 400, 2))


def test_calls_are_made_at_the_same_time() -> None:
    everybody = threading.Barrier(8)
    with Threads(8) as threads:
        assert len(list(threads.map(lambda _: everybody.wait(), range(8)))) == 8


def test_arguments_are_taken_only_when_their_turn_comes_near() -> None:
    taken = 0

    def arguments() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    with Threads(2) as threads:
        results = threads.map(str, arguments())
        assert next(results) == "0"
        assert taken < 100


def test_failure_reaches_the_caller_and_forgets_the_calls_that_did_not_begin() -> None:
    made = []
    forgotten = threading.Event()

    def fail(number: int) -> None:
        made.append(number)
        if number == 0:
            threading.Timer(0.2, forgotten.set).start()
            raise LookupError("this one")
        forgotten.wait()

    with pytest.raises(LookupError, match="this one"), Threads(1) as threads:
        list(threads.map(fail, range(10)))
    assert len(made) <= 2
