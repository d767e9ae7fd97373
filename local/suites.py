"""``make test`` and its parts: each prints its steps with their times and ends with one line of counts."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from local import checks, commands, credentials, ministack, terraform_provider
from local.command_line import port
from local.failure import Failure
from local.layout import REPOSITORIES, ROOT, STATE, StackFolder, run_folder, short_name
from local.locking import stack_locked
from local.parallel import in_parallel
from local.processes import Recorded, record
from local.stack import bring_up
from local.steps import Steps
from local.tally import Counts, Tally, counts_of
from local.teardown import remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

AT_A_TIME = os.cpu_count() or 2

# Says whose something is, so that a later run can remove it when its owner was killed.
OWNER = "owner.json"

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
        self.tally = Tally()
        self.logs = run_folder()
        self._console = console

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
                    raise Failure(f"{name}: {counts}; all of it is in {log}", commands.tail(log, 60))
        except commands.Interrupted:
            raise
        except Failure as failure:
            self.show(failure)
        self.tally.add(counts)

    def show(self, failure: Failure) -> None:
        """Show what went wrong."""
        text = f"{failure.details}\n{failure}".strip()
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def test() -> int:
    """Run everything, on a stack of its own."""
    with counted_run() as run:
        _lint(run)
        _unit(run)
        try:
            with own_stack(run) as folder:
                run.attempt("integration-tests", partial(_pytest, "integration-tests", _pointed_at(folder)))
                run.attempt("e2e-tests", partial(_pytest, "e2e-tests", _pointed_at(folder)))
        except commands.Interrupted:
            raise
        except Failure as failure:
            run.show(failure)
            run.tally.add(Counts(failed=1))
    return _ended(run)


def lint() -> int:
    """Run the checks that need nothing to run."""
    with counted_run() as run:
        _lint(run)
    return _ended(run)


def check() -> int:
    """Check that the repositories agree with the template."""
    with counted_run() as run:
        _checks(run, [checks.template_check()])
    return _ended(run)


def unit() -> int:
    """Run every repository's own tests, and those of the local run."""
    with counted_run() as run:
        _unit(run)
    return _ended(run)


def integration() -> int:
    """Run what crosses a queue, table or bucket."""
    with counted_run() as run, any_stack(run) as folder:
        run.attempt("integration-tests", partial(_pytest, "integration-tests", _pointed_at(folder)))
    return _ended(run)


def e2e() -> int:
    """Run what goes through the API alone."""
    with counted_run() as run:
        if os.environ.get("API_URL"):
            run.attempt("e2e-tests", partial(_pytest, "e2e-tests", credentials.without_accounts()))
        else:
            with any_stack(run) as folder:
                run.attempt("e2e-tests", partial(_pytest, "e2e-tests", _pointed_at(folder)))
    return _ended(run)


@contextmanager
def counted_run() -> Iterator[Run]:
    """Begin a run, after removing what killed ones left. Its logs stay if something failed, until the next run."""
    sweep()
    console = Console()
    with Steps(console) as steps:
        run = Run(steps, console)
        own(run.logs)
        try:
            yield run
        finally:
            if not run.tally.counts.failed:
                shutil.rmtree(run.logs, ignore_errors=True)


@contextmanager
def any_stack(run: Run) -> Iterator[StackFolder]:
    """Use the stack of ``PORT`` if it runs, brought up to date, or else one of the run's own."""
    folder = StackFolder(port())
    if ministack.running(folder):
        with stack_locked(folder):
            bring_up(folder, run.steps)
        yield folder
        return
    with own_stack(run) as folder:
        yield folder


@contextmanager
def own_stack(run: Run) -> Iterator[StackFolder]:
    """Bring up a stack on a free port, and remove it whatever happens."""
    folder = StackFolder(ministack.free_port())
    own(folder.path)
    try:
        with stack_locked(folder):
            bring_up(folder, run.steps)
        yield folder
    finally:
        with run.steps.step("removal of the stack"):
            remove(folder)
            folder.lock.unlink(missing_ok=True)


def own(folder: Path) -> None:
    """Mark a folder as this process's own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OWNER).write_text(json.dumps(asdict(record(os.getpid()))) + "\n", encoding="utf-8")


def sweep() -> None:
    """Remove stacks and logs of test runs that ended without doing so."""
    for file in [*STATE.glob(f"*/{OWNER}"), *STATE.glob(f"test/*/{OWNER}")]:
        owner = Recorded(**json.loads(file.read_text(encoding="utf-8")))
        if owner.runs():
            continue
        if file.parent.name.isdigit() and file.parent.parent == STATE:
            folder = StackFolder(int(file.parent.name))
            remove(folder)
            folder.lock.unlink(missing_ok=True)
        else:
            shutil.rmtree(file.parent, ignore_errors=True)


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
    for repository in REPOSITORIES:
        if (ROOT / repository / "tests").is_dir():
            tasks.append(partial(run.attempt, f"unit {short_name(repository)}", partial(_make_test, repository)))
    in_parallel(tasks, AT_A_TIME)


def _make_test(repository: str, log: Path) -> Counts:
    """Run a repository's tests the way it says itself, in an environment that names no account."""
    return _counted(("make", "--silent", "test", f"PYTHON={sys.executable}"), log, repository, {})


def _pytest(folder: str, variables: Mapping[str, str], log: Path) -> Counts:
    return _counted((sys.executable, "-m", "pytest"), log, folder, variables)


def _counted(command: tuple[str, ...], log: Path, folder: str, variables: Mapping[str, str]) -> Counts:
    report = log.with_suffix(".xml")
    options = shlex.join(["-q", "-p", "no:cacheprovider", f"--junitxml={report}"])
    environment = {
        **(variables or credentials.without_accounts()),
        "PYTEST_ADDOPTS": options,
        # Two runs at a time must not write into one file.
        "COVERAGE_FILE": str(log.with_suffix(".coverage")),
    }
    status = commands.run(command, log, ROOT / folder, environment, accepted=range(256))
    return counts_of(report, status)


def _pointed_at(folder: StackFolder) -> dict[str, str]:
    """Return the environment of tests that use a stack."""
    kept = {name: value for name, value in credentials.without_accounts().items() if name not in ADDRESS}
    return {**kept, "PORT": str(folder.port), "STACK": str(folder.description)}


def _ended(run: Run) -> int:
    print(run.tally.counts, flush=True)
    return 1 if run.tally.counts.failed else 0
