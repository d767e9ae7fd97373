"""Progress: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io

import pytest

from audit_verification import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")


def show(stream: io.StringIO) -> str:
    with progress.display(stream) as display:
        display.stage("reading the bucket")
        for _ in range(3):
            display.listed()
        for _ in range(2):
            display.read()
    return stream.getvalue()


def test_terminal_shows_a_bar_that_gives_way_to_the_result() -> None:
    shown = show(Terminal())
    assert "reading the bucket" in shown
    assert "2/3" in shown
    assert "objects/s" in shown
    # The line is erased in the end.
    assert shown.rstrip("\n").endswith("\x1b[2K")


def test_elsewhere_a_line_says_what_is_done() -> None:
    assert show(io.StringIO()) == "reading the bucket\n"


@pytest.mark.parametrize("name", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_file_gets_no_bar_even_where_colours_are_asked_for(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert show(io.StringIO()) == "reading the bucket\n"


def test_terminal_that_can_show_no_bar_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert show(Terminal()) == "reading the bucket\n"


def test_line_says_how_far_a_long_verification_is(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock)
    stream = io.StringIO()
    with progress.display(stream) as display:
        display.stage("reading the bucket")
        for number in range(3000):
            clock = number * 0.01
            display.listed()
            display.listed()
            display.read()
    assert stream.getvalue().splitlines() == [
        "reading the bucket",
        "reading the bucket: 1,001 of 2,002 listed objects read",
        "reading the bucket: 2,001 of 4,002 listed objects read",
    ]
