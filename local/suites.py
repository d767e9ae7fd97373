"""``make test`` and its parts: each prints its steps with their times and ends with one line of counts."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from local import checks, credentials, programs, terraform_provider
from local.counts import Counts, counts_of
from local.failure import Failure
from local.layout import FUNCTIONS, ROOT, run_folder, short_name
from local.parallel import in_parallel
from local.steps import Steps
from local.suite_stacks import any_stack, own, own_stack, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from local.layout import StackFolder

AT_A_TIME = os.cpu_count() or 2

# What points the end-to-end tests at an address.
ADDRESS = ("API_URL", "API_KEY", "API_KEY_READER")


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

    def attempt(self, name: str, work: Callable[[Path], Counts]) -> None:
        """Take a step and count what came of it. What goes wrong is shown and doesn't end the run.

        Parameters
        ----------
        name
            What the step is called.
        work
            Gets the path of its log, and returns its counts or raises a `Failure`, which counts as one.
        """
        log = self.logs / f"{name.replace(' ', '-').replace('/', '-')}.log"
        counts = Counts(failed=1)
        try:
            with self.steps.step(name) as step:
                counts = work(log)
                step.note = str(counts) if counts.passed + counts.failed > 1 else ""
                if counts.failed:
                    raise Failure(f"{name}: {counts}; all of it is in {log}", programs.tail(log, 60))
        except Failure as failure:
            self.show(failure)
        self.count(counts)

    def count(self, counts: Counts) -> None:
        """Count some more."""
        with self._lock:
            self.counts += counts

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


@counted
def test(run: Run) -> None:
    """Run everything, on a stack of its own."""
    _lint(run)
    _unit(run)
    try:
        with own_stack(run.steps) as folder:
            _on_stack(run, "integration-tests", folder)
            _on_stack(run, "e2e-tests", folder)
    except Failure as failure:
        run.show(failure)
        run.count(Counts(failed=1))


@counted
def lint(run: Run) -> None:
    """Run the checks that need nothing to run."""
    _lint(run)


@counted
def check(run: Run) -> None:
    """Check that the repositories agree with the template."""
    _checks(run, [checks.template_check()])


@counted
def unit(run: Run) -> None:
    """Run every repository's own tests, and those of the local run."""
    _unit(run)


@counted
def integration(run: Run) -> None:
    """Run what crosses a queue, table or bucket."""
    with any_stack(run.steps) as folder:
        _on_stack(run, "integration-tests", folder)


@counted
def e2e(run: Run) -> None:
    """Run what goes through the API alone."""
    if os.environ.get("API_URL"):
        run.attempt("e2e-tests", partial(_pytest, "e2e-tests", credentials.without_accounts()))
        return
    with any_stack(run.steps) as folder:
        _on_stack(run, "e2e-tests", folder)


def _lint(run: Run) -> None:
    run.attempt("Terraform provider", _provider)
    _checks(run, checks.all_checks())


def _provider(log: Path) -> Counts:
    terraform_provider.prepare()
    return Counts()


def _checks(run: Run, wanted: Iterator[checks.Check] | list[checks.Check]) -> None:
    in_parallel((partial(run.attempt, check.name, partial(_passes, check)) for check in wanted), AT_A_TIME)


def _passes(check: checks.Check, log: Path) -> Counts:
    check.run(log)
    return Counts(passed=1)


def _unit(run: Run) -> None:
    tasks = [partial(run.attempt, "local", partial(_pytest, "local", credentials.without_accounts()))]
    for repository in FUNCTIONS:
        tasks.append(partial(run.attempt, f"unit {short_name(repository)}", partial(_make_test, repository)))
    in_parallel(tasks, AT_A_TIME)


def _on_stack(run: Run, folder: str, stack: StackFolder) -> None:
    """Run the tests of a folder against a stack."""
    kept = {name: value for name, value in credentials.without_accounts().items() if name not in ADDRESS}
    variables = {**kept, "PORT": str(stack.port), "STACK": str(stack.description)}
    run.attempt(folder, partial(_pytest, folder, variables))


def _make_test(repository: str, log: Path) -> Counts:
    """Run a repository's tests the way it says itself, in an environment that names no account."""
    return _counted(
        ("make", "--silent", "test", f"PYTHON={sys.executable}"), log, repository, credentials.without_accounts()
    )


def _pytest(folder: str, variables: Mapping[str, str], log: Path) -> Counts:
    return _counted((sys.executable, "-m", "pytest"), log, folder, variables)


def _counted(command: tuple[str, ...], log: Path, folder: str, variables: Mapping[str, str]) -> Counts:
    report = log.with_suffix(".xml")
    options = shlex.join(["-q", "-p", "no:cacheprovider", f"--junitxml={report}"])
    environment = {
        **variables,
        "PYTEST_ADDOPTS": options,
        # Two runs at a time must not write into one file.
        "COVERAGE_FILE": str(log.with_suffix(".coverage")),
    }
    status = programs.run(command, log, ROOT / folder, environment, accepted=range(256))
    return counts_of(report, status)
