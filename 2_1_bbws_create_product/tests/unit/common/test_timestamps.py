"""Points in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import timestamps

MOMENTS = st.integers(0, 200 * 366 * 24 * 3600 * 10**6).map(
    lambda microseconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 22, 8, 0, 0, 123456, UTC), "2026-11-22T08:00:00.123456Z"),
        (datetime(2026, 11, 22, 8, 0, 0, 0, UTC), "2026-11-22T08:00:00.000000Z"),
        (datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=2))), "2026-11-22T08:00:00.000000Z"),
    ],
)
def test_moment_is_written_in_utc_with_microseconds(moment, text):
    assert timestamps.to_text(moment) == text


def test_clock_is_in_utc():
    assert timestamps.now().utcoffset() == timedelta(0)
    assert abs(timestamps.now() - datetime.now(UTC)) < timedelta(minutes=1)


@given(MOMENTS)
def test_moment_is_read_as_it_was_written(moment):
    assert timestamps.from_text(timestamps.to_text(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_their_moments(one, other):
    assert (timestamps.to_text(one) < timestamps.to_text(other)) == (one < other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T08:00:00Z",
        "2026-11-22T08:00:00.123Z",
        "2026-11-22T08:00:00.123456",
        "2026-11-22T08:00:00.123456+00:00",
        "2026-11-22T10:00:00.123456+02:00",
        "2026-11-22 08:00:00.123456Z",
        "2026-11-22t08:00:00.123456z",
        "2026-11-22T08:00:00.1234567Z",
        "2026-02-30T08:00:00.123456Z",
        "2026-13-01T08:00:00.123456Z",
        "2026-11-22T08:61:00.123456Z",
        "2026-11-22T08:00:00.123456Z\n",
        " 2026-11-22T08:00:00.123456Z",
        "２026-11-22T08:00:00.123456Z",
    ],
)
def test_text_in_another_form_is_refused(text):
    with pytest.raises(ValueError, match=r"must be|out of range"):
        timestamps.from_text(text)


@given(MOMENTS, MOMENTS)
def test_later_moment_is_the_clock_or_just_after_what_was_earlier(earlier, clock):
    later = timestamps.later_than(timestamps.to_text(earlier), clock)

    assert later > timestamps.to_text(earlier)
    assert later == timestamps.to_text(max(clock, earlier + timedelta(microseconds=1)))


def test_clock_counts_where_nothing_was_earlier():
    clock = datetime(2026, 11, 22, 8, 0, 0, 123456, UTC)

    assert timestamps.later_than(None, clock) == "2026-11-22T08:00:00.123456Z"
