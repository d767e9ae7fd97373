"""Whoever starts a command, and however it is cancelled: it ends, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from local.layout import ROOT, STATE
from local.processes import identify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A suite with one part, which starts something in a session of its own and waits for a file.
SUITE = '''
import os, signal, sys, threading, time
from functools import partial
from pathlib import Path
from local import programs, runs
from local.counts import Counts
from local.parallel import in_parallel

PART = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], start_new_session=True)
obeys = signal.getsignal(signal.SIGINT) is signal.default_int_handler
Path("new").write_text(json.dumps({"child": child.pid, "obeys": obeys}))
Path("new").rename("at-work")
while not Path("may-end").exists():
    time.sleep(0.01)
child.kill()
"""

def part(log):
    programs.run([sys.executable, "-c", PART], log, Path(os.environ["FOLDER"]))
    return Counts(passed=1)

def interrupt_from_here():
    while not Path(os.environ["FOLDER"], "interrupt").exists():
        time.sleep(0.01)
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

@runs.counted
def suite(run):
    threading.Thread(target=interrupt_from_here, daemon=True).start()
    in_parallel([partial(run.attempt, "the part", part)], 2)
'''

# Goes in as usual, with one more command.
COMMAND = """
import sys
from local import command_line
command_line.COMMANDS["suite"] = command_line.Command("a_suite:suite", packages=False)
sys.argv = ["local", "suite"]
sys.exit(command_line.main())
"""

IGNORING_CTRL_C = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")


class Started:
    """The suite, as somebody started it, and what its part says of itself once it is at work.

    Parameters
    ----------
    way
        What starts it.
    folder
        Where the part works.
    """

    def __init__(self, way: tuple[str, ...], folder: Path) -> None:
        (folder / "a_suite.py").write_text(SUITE)
        self.folder = folder
        self.process = subprocess.Popen(
            [*way, sys.executable, "-c", COMMAND],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]), "FOLDER": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not (folder / "at-work").exists():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)
        about = json.loads((folder / "at-work").read_text())
        self.obeys: bool = about["obeys"]
        self.child = identify(about["child"])

    def end(self) -> tuple[str, str]:
        """Wait for its end and return what it printed."""
        return self.process.communicate()


@pytest.fixture(params=[(), IGNORING_CTRL_C, ("nohup",)], ids=["by a person", "in the background", "by nohup"])
def started(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Started]:
    started = Started(request.param, tmp_path)
    yield started
    (tmp_path / "may-end").touch()
    started.end()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_cancelled_suite_ends_and_leaves_nothing_behind(started: Started, sign: signal.Signals) -> None:
    started.process.send_signal(sign)

    _, said = started.end()

    assert (started.process.returncode, said.splitlines()[-1]) == (130, "suite: interrupted")
    assert not started.child.runs()
    assert not (STATE / "test" / str(started.process.pid)).exists()


def test_programs_can_be_interrupted_whoever_started_the_suite(started: Started) -> None:
    assert started.obeys


def test_a_second_signal_does_not_keep_the_suite_from_ending_in_order(started: Started) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        started.process.send_signal(sign)

    started.end()

    assert started.process.returncode == 130
    assert not started.child.runs()


def test_a_signal_that_wakes_another_thread_ends_the_suite_too(started: Started) -> None:
    (started.folder / "interrupt").touch()

    started.end()

    assert started.process.returncode == 130


@pytest.mark.parametrize("started", [("nohup",)], indirect=True, ids=["by nohup"])
def test_suite_that_is_started_by_nohup_outlives_the_terminal(started: Started) -> None:
    started.process.send_signal(signal.SIGHUP)
    (started.folder / "may-end").touch()

    printed, _ = started.end()

    assert (started.process.returncode, printed.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_make_goes_its_way_with_ctrl_c_ignored() -> None:
    done = subprocess.run(
        [*IGNORING_CTRL_C, "make", "check", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed"), done.stderr
