from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local import ministack
from local.failure import Failure
from local.processes import KnownProcess, end, identify, identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.layout import StackFolder

SLEEP = "import time; print(flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEP


def started(program: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = started(SLEEP)
    yield process
    process.kill()
    process.communicate()


def test_a_process_keeps_its_identity_while_it_runs(sleeper: subprocess.Popen[bytes]) -> None:
    assert identity(sleeper.pid) is not None
    assert identity(sleeper.pid) == identity(sleeper.pid)


def test_an_ended_process_has_none_even_before_its_parent_noticed(sleeper: subprocess.Popen[bytes]) -> None:
    process = identify(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)

    assert not process.runs()


def test_a_process_ends_in_order(sleeper: subprocess.Popen[bytes]) -> None:
    assert end(identify(sleeper.pid), patience=10.0)
    assert identity(sleeper.pid) is None


def test_a_process_that_does_not_end_is_killed_and_that_is_told() -> None:
    stubborn = started(STUBBORN)

    assert not end(identify(stubborn.pid), patience=0.2)
    assert identity(stubborn.pid) is None
    stubborn.communicate()


def test_another_process_with_the_same_id_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    older = KnownProcess(sleeper.pid, "long ago")

    assert not older.runs()
    assert end(older, patience=0.2)
    assert identity(sleeper.pid) is not None


@pytest.mark.parametrize(
    "content", ["", "{}", '{"pid": 1, "started": "long ago"}', '{"pid": 999999999, "started": ""}']
)
def test_a_stale_or_damaged_note_of_a_process_means_that_the_stack_does_not_run(
    folder: StackFolder, content: str
) -> None:
    folder.ministack_process.write_text(content)

    assert ministack.running(folder) is None
    assert not ministack.stop(folder)


def test_a_port_that_another_program_has_is_refused_by_number(folder: StackFolder) -> None:
    with (
        socket.create_server(("127.0.0.1", folder.port)),
        pytest.raises(Failure, match=rf"port {folder.port} is taken"),
    ):
        ministack.start(folder)


def test_ministack_gets_nothing_of_the_callers_environment(
    folder: StackFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("TABLE_NAME", "not-from-terraform")

    variables = ministack.variables(folder)

    assert not {"AWS_PROFILE", "PYTHONPATH", "TABLE_NAME"} & set(variables)
    assert variables["GATEWAY_PORT"] == str(folder.port)
