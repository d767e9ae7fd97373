"""What became of a change, looked for until it is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common import outcome as outcome_module
from common import timestamps
from common.outcome import awaited_outcome, outcome
from common.stopwatch import Stopwatch

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
CHANGE = {"productId": PRODUCT_ID, "changeId": "6b1f3c9a-0d5e-4e72-b8f4-a27c915d60e3"}
OTHER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def wait(table, clock):
    """Return a function that waits for the change, as a request that has just arrived."""
    return lambda seconds: awaited_outcome(table, *CHANGE.values(), seconds, Stopwatch())


def test_change_has_an_outcome_once_it_is_decided_and_as_long_as_its_record_is_kept(table, decide, monkeypatch):
    assert outcome(table, *CHANGE.values()) is None
    record = decide(CHANGE)
    assert outcome(table, *CHANGE.values()) == record
    assert outcome(table, OTHER, CHANGE["changeId"]) is None

    later = timestamps.now() + timedelta(days=91)
    monkeypatch.setattr(outcome_module.timestamps, "now", lambda: later)
    assert outcome(table, *CHANGE.values()) is None


def test_change_that_was_decided_before_is_not_waited_for(wait, decide, clock):
    record = decide(CHANGE)

    assert wait(10) == record
    assert clock.pauses == []


@pytest.mark.parametrize("decided_after", [0.01, 0.3, 2, 4.9])
def test_outcome_is_there_within_a_second_of_the_decision(wait, decide, clock, decided_after):
    clock.after(decided_after, lambda: decide(CHANGE))

    assert wait(5)["changeId"] == CHANGE["changeId"]
    assert clock.monotonic() - decided_after <= 1


@pytest.mark.parametrize("seconds", [1, 5, 10])
def test_waiting_takes_as_long_as_was_asked_for_in_pauses_that_grow_and_ends_with_a_look(wait, decide, clock, seconds):
    assert wait(seconds) is None
    assert clock.monotonic() == pytest.approx(seconds)
    *pauses, _ = clock.pauses
    assert pauses == sorted(pauses)
    assert len(pauses) < 20

    clock.pauses.clear()
    clock.after(seconds, lambda: decide(CHANGE))
    assert wait(seconds) is not None


def test_no_time_is_one_look(wait, clock):
    assert wait(0) is None
    assert clock.pauses == []


@pytest.mark.parametrize(("gone", "left"), [(0, 10), (4, 6), (9.5, 0.5), (12, 0)])
def test_waiting_ends_in_time_however_long_the_request_has_taken_before(table, clock, gone, left):
    stopwatch = Stopwatch()
    clock.sleep(gone)

    assert awaited_outcome(table, *CHANGE.values(), 10, stopwatch) is None
    assert clock.monotonic() == pytest.approx(gone + left)
