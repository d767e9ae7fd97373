"""How long a request takes."""

from __future__ import annotations

from common.stopwatch import Stopwatch


def test_time_passes_and_pauses_are_noted(clock):
    stopwatch = Stopwatch()
    assert (stopwatch.seconds, stopwatch.waited) == (0, False)

    clock.sleep(2)
    assert (stopwatch.seconds, stopwatch.waited) == (2, False)

    stopwatch.pause(3)
    assert (stopwatch.seconds, stopwatch.waited, clock.pauses) == (5, True, [2, 3])
