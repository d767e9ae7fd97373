"""How the caller would like to be answered."""

from __future__ import annotations

import pytest

from common.api import Request
from common.prefer import preferred_wait


@pytest.fixture
def preferred(api_event):
    """Return a function that gives the wait that a request with such a header would take."""
    return lambda value: preferred_wait(Request.from_event(api_event("PUT", headers={"Prefer": value})))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("wait=5", 5),
        ("wait=0", 0),
        ("wait=10", 10),
        ("wait=60", 10),
        ("WAIT = 5", 5),
        ('wait="5"', 5),
        ("respond-async, wait=5", 5),
        ("respond-async;x=1; y , ,\twait=5;z", 5),
        ('x="a, wait=1", wait=5', 5),
        ('x="a\\", wait=1", wait=5', 5),
        ("wait=5, wait=7", 5),
        (["return=minimal", "wait=5"], 5),
    ],
    ids=str,
)
def test_wait_is_read_wherever_it_stands_and_is_ten_seconds_at_most(preferred, value, seconds):
    assert preferred(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", ",", "respond-async", "waiting=5", "x;wait=5", "wait", "wait=", "wait=1.5", "wait=-1", "wait=five"),
        *("wait=٥", "wait=9999999999", 'wait="5', "wait 5", "wait=5 6", "wait=x, wait=5", "(wait=5)", "wait:5"),
    ],
)
def test_what_is_not_understood_is_passed_over(preferred, value):
    assert preferred(value) is None


@pytest.mark.parametrize("part", ["; ", " ;\t", ";a = b ", ", ", "a;", '"', "=", 'a="\\"', "a "])
def test_no_header_however_long_keeps_it_busy(preferred, part):
    assert preferred(part * 5_000 + "(") is None
    assert preferred("wait" + part * 5_000 + "(") is None
