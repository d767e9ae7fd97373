"""The service's own metrics."""

from __future__ import annotations

import json
import sys
import time

import pytest

from common import metrics
from common.metrics import Metric

EARLIER, LATER = "2026-11-22T08:00:00.000000Z", "2026-11-22T08:00:01.250500Z"


def test_metric_is_counted_with_its_unit_dimensions_and_environment(measured):
    metrics.emit(Metric("AppliedChanges", 1, "Count", {"ChangeType": "UPDATE"}))

    (found,) = measured()
    assert (found.namespace, found.name, found.value, found.unit) == ("BBWS/Products", "AppliedChanges", 1, "Count")
    assert found.dimensions == {"Environment": "local", "ChangeType": "UPDATE"}


def test_metrics_of_one_line_keep_their_own_dimensions(measured):
    metrics.emit(Metric("AppliedChanges", 1, "Count", {"ChangeType": "UPDATE"}), Metric("Delay", 7.5, "Milliseconds"))

    count, delay = measured()
    assert count.dimensions == {"Environment": "local", "ChangeType": "UPDATE"}
    assert (delay.value, delay.unit, delay.dimensions) == (7.5, "Milliseconds", {"Environment": "local"})


def test_line_bears_the_time_in_milliseconds(capsys):
    before = time.time_ns() // 1_000_000
    metrics.emit(Metric("AppliedChanges", 1, "Count"))

    timestamp = json.loads(capsys.readouterr().out)["_aws"]["Timestamp"]
    assert isinstance(timestamp, int)
    assert before <= timestamp <= time.time_ns() // 1_000_000


def test_line_is_written_whole_so_that_threads_do_not_mix_theirs(monkeypatch):
    class Output:
        def __init__(self):
            self.writes = []

        def write(self, text):
            self.writes.append(text)

        def flush(self):
            pass

    output = Output()
    monkeypatch.setattr(sys, "stdout", output)
    metrics.emit(Metric("AppliedChanges", 1, "Count"), Metric("Delay", 7, "Milliseconds"))

    (line,) = output.writes
    assert line.count("\n") == 1
    assert line.endswith("\n")


def test_duration_is_counted_in_milliseconds_for_each_function():
    duration = metrics.request_duration(0.25)

    assert duration == Metric("RequestDuration", 250, "Milliseconds", {"Function": "bbws-under-test-local"})


@pytest.mark.parametrize(
    ("since", "until", "milliseconds"),
    [(EARLIER, LATER, 1250.5), (EARLIER, EARLIER, 0), (LATER, EARLIER, 0)],
    ids=["later", "at once", "clocks disagree"],
)
def test_delay_is_the_time_between_in_milliseconds_and_never_below_nothing(since, until, milliseconds):
    assert metrics.delay("Delay", since, until) == Metric("Delay", milliseconds, "Milliseconds")
