"""One run of some tests: its steps, its counts, and what becomes of its logs."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

from rich.console import Console

from local import programs
from local.counts import Counts
from local.failure import Failure
from local.layout import run_folder
from local.steps import Steps
from local.suite_stacks import own, sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# How many of the slowest parts are shown.
SLOWEST = 10


class Run:
    """One run of some tests.

    Parameters
    ----------
    steps
        Where its steps are shown.
    console
        Where what goes wrong is shown.
    """

    def __init__(self, steps: Steps, console: Console) -> None:
        self.steps = steps
        self.counts = Counts()
        self.logs = run_folder()
        self._console = console
        self._lock = threading.Lock()

    def attempt(
        self, name: str, work: Callable[[Path], Counts], remark: Callable[[Path], str] = lambda log: ""
    ) -> None:
        """Take a step and count what came of it. What goes wrong is shown and doesn't end the run.

        Parameters
        ----------
        name
            What the step is called.
        work
            Gets the path of its log, and returns its counts or raises a `Failure`, which counts as one.
        remark
            Gets the path of the log, and returns what else is to be shown of it.
        """
        log = self.logs / f"{name.replace(' ', '-').replace('/', '-')}.log"
        counts = Counts(failed=1)
        try:
            with self.steps.step(name) as step:
                counts = work(log)
                step.note = str(counts) if counts.passed + counts.failed > 1 else ""
                step.note += remark(log)
                if counts.failed:
                    raise Failure(f"{name}: {counts}; all of it is in {log}", programs.tail(log, 60))
        except Failure as failure:
            self.show(failure)
        self.count(counts)

    def count(self, counts: Counts) -> None:
        """Count some more."""
        with self._lock:
            self.counts += counts

    def show_slowest(self) -> None:
        """Show which steps took longest; some ran beside each other."""
        for seconds, name in sorted(self.steps.taken, reverse=True)[:SLOWEST]:
            self._console.print(f"slowest {seconds:5.1f} s  {name}", highlight=False)

    def show(self, failure: Failure) -> None:
        """Show what went wrong."""
        text = f"{failure.details}\n{failure}".strip()
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def counted(suite: Callable[[Run], None]) -> Callable[[], int]:
    """Make a suite a command, which ends with its counts and fails if anything failed.

    Its logs stay if something failed, until the next run. Each begins by removing what killed runs left.
    """

    def command() -> int:
        sweep()
        console = Console()
        with Steps(console) as steps:
            run = Run(steps, console)
            own(run.logs)
            try:
                suite(run)
            finally:
                if not run.counts.failed:
                    shutil.rmtree(run.logs, ignore_errors=True)
        print(run.counts, flush=True)
        return 1 if run.counts.failed else 0

    return command
