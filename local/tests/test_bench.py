"""make bench where it can't measure anything: one line says so, and nothing is left running."""

from __future__ import annotations

import socket
import threading

import pytest

from local.bench import bench
from local.failure import Failure


def test_a_taken_port_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))

        status = bench()

    said = capsys.readouterr()
    assert status == 2
    assert (said.out, said.err) == ("", f"bench: port {port} can't be used: Address already in use\n")


def test_what_cannot_be_fetched_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def offline() -> None:
        raise Failure("uv pip install failed; all of it is in a log", "a long story")

    monkeypatch.setattr("comparison.subjects.prepare", offline)
    before = threading.active_count()

    status = bench()

    assert status == 2
    assert capsys.readouterr().err == "bench: uv pip install failed; all of it is in a log\n"
    assert threading.active_count() == before


@pytest.mark.parametrize("variable", ["ROUNDS", "PORT"])
def test_what_is_no_number_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str
) -> None:
    monkeypatch.setenv(variable, "many")

    assert bench() == 2
    assert capsys.readouterr().err == "bench: ROUNDS and PORT must be numbers\n"
