"""``make test`` and its parts: each prints its steps with their times and ends with one line of counts."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from local import checks, credentials, environments, node, programs, terraform_provider, unit_tests
from local.counts import Counts, counts_of
from local.failure import Failure
from local.layout import FUNCTIONS, INFRASTRUCTURE, PREFIX, ROOT, run_folder, short_name
from local.parallel import in_parallel, tasks_at_a_time
from local.repository import terraform_variables
from local.steps import Steps
from local.suite_stacks import any_stack, own, own_ministack, own_stack, sweep

# The rehearsals are with the tests of a stack.
sys.path.append(str(ROOT / "integration-tests"))

from rehearsals.deployments import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from local.layout import StackFolder

AT_A_TIME = os.cpu_count() or 2

# How many of the slowest parts are shown.
SLOWEST = 10

# The one whose tests take longest comes first.
ROOTS = (
    ROOT / INFRASTRUCTURE / "terraform",
    ROOT / INFRASTRUCTURE / "bootstrap",
    *(ROOT / repository / "terraform" for repository in FUNCTIONS),
)

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
        self._took: list[tuple[float, str]] = []

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
                self._took.append((step.seconds, name))
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
        """Show which parts took longest; they ran beside each other."""
        for seconds, name in sorted(self._took, reverse=True)[:SLOWEST]:
            self._console.print(f"slowest {seconds:6.1f} s  {name}", highlight=False)

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
    """Run everything, on stacks of its own.

    Whoever deploys waits for AWS, or for what plays it, most of the time. So two stacks come up and are tried, and an
    account is rehearsed, while what needs the processors goes on.
    """
    _provide(run)
    with tasks_at_a_time(3) as meanwhile:
        waiting = [
            meanwhile.submit(task, run) for task in (_with_a_stack_for_events, _with_a_stack_for_callers, _rehearse)
        ]
        in_parallel([*_check_tasks(run, checks.all_checks()), *_unit_tasks(run), *_terraform_tasks(run)], AT_A_TIME)
        for task in waiting:
            task.result()
    run.show_slowest()


def _with_a_stack_for_events(run: Run) -> None:
    with _stack_of_the_run(run) as folder:
        _on_stack(run, "integration-tests", folder)
        _rehearse_deployments(run, folder)


def _with_a_stack_for_callers(run: Run) -> None:
    with _stack_of_the_run(run) as folder:
        _on_stack(run, "e2e-tests", folder)
        _conformance(run, _variables(folder))


@contextmanager
def _stack_of_the_run(run: Run) -> Iterator[StackFolder]:
    """Use a stack of the run's own; that it doesn't come up counts as a failure."""
    try:
        with own_stack(run.steps) as folder:
            yield folder
    except Failure as failure:
        run.show(failure)
        run.count(Counts(failed=1))


@counted
def lint(run: Run) -> None:
    """Run the checks that need nothing to run."""
    _lint(run)


@counted
def rehearse(run: Run) -> None:
    """Run what people and workflows do to an account: first in an empty one, then where everything is deployed."""
    with tasks_at_a_time(1) as meanwhile:
        run.attempt("Terraform provider", _provider)
        rehearsal = meanwhile.submit(_rehearse, run)
        with own_stack(run.steps) as folder:
            _rehearse_deployments(run, folder)
        rehearsal.result()


@counted
def check(run: Run) -> None:
    """Check that the repositories agree with the template."""
    _checks(run, [checks.template_check()])


@counted
def terraform(run: Run) -> None:
    """Run the tests of every Terraform root."""
    run.attempt("Terraform provider", _provider)
    _terraform(run)


@counted
def unit(run: Run) -> None:
    """Run every repository's own tests, and those of the local run and of the template."""
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


@counted
def conformance(run: Run) -> None:
    """Hold the API to its document."""
    if os.environ.get("API_URL"):
        _conformance(run, credentials.without_accounts())
        return
    with any_stack(run.steps) as folder:
        _conformance(run, _variables(folder))


def _lint(run: Run) -> None:
    _provide(run)
    _checks(run, checks.all_checks())


def _provide(run: Run) -> None:
    """Fetch what the checks need beside the virtual environments."""
    run.attempt("Terraform provider", _provider)
    run.attempt("Node.js packages", _node)
    run.attempt("checkov", _checkov)


def _provider(log: Path) -> Counts:
    terraform_provider.prepare()
    return Counts()


def _node(log: Path) -> Counts:
    node.prepare()
    return Counts()


def _checkov(log: Path) -> Counts:
    environments.provide(environments.CHECKOV)
    return Counts()


def _checks(run: Run, wanted: Iterable[checks.Check]) -> None:
    in_parallel(_check_tasks(run, wanted), AT_A_TIME)


def _check_tasks(run: Run, wanted: Iterable[checks.Check]) -> Iterator[Callable[[], None]]:
    for check in wanted:
        yield partial(run.attempt, check.name, partial(_passes, check))


def _passes(check: checks.Check, log: Path) -> Counts:
    check.run(log)
    return Counts(passed=1)


def _terraform(run: Run) -> None:
    in_parallel(_terraform_tasks(run), AT_A_TIME)


def _terraform_tasks(run: Run) -> Iterator[Callable[[], None]]:
    for root in ROOTS:
        yield partial(run.attempt, f"terraform test {checks.root_name(root)}", partial(_terraform_test, root))


def _terraform_test(root: Path, log: Path) -> Counts:
    """Run the tests of a root: of those that all functions share, in one root."""
    report = log.with_suffix(".xml")
    variables = {**credentials.without_accounts(), **checks.root_variables(root, "test")}
    programs.run(checks.initialisation(root), log, root, variables)
    command = ["terraform", f"-chdir={root}", "test", "-no-color", f"-junit-xml={report}"]
    if root.parent.name in FUNCTIONS and root not in checks.VALIDATED:
        command.append("-filter=tests/needs.tftest.hcl")
    status = programs.run(command, log, root, variables, accepted=range(256), append=True)
    return counts_of(report, status)


def _rehearse(run: Run) -> None:
    run.attempt("rehearsals", _rehearsals)


def _rehearsals(log: Path) -> Counts:
    with own_ministack() as folder:
        variables = credentials.variables(folder) | terraform_variables(folder.terraform_data("rehearsals"))
        return _pytest("integration-tests", variables, log, arguments=("rehearsals",))


def _rehearse_deployments(run: Run, stack: StackFolder) -> None:
    """Take the rehearsal's steps until one fails; each counts, and is shown with the time when it began."""
    began = time.monotonic()
    try:
        for name, work in Rehearsal(stack, run.logs / "deployments").steps():
            with run.steps.step(f"rehearsal, {time.monotonic() - began:3.0f} s: {name}") as step:
                step.note = work()
            run.count(Counts(passed=1))
    except Failure as failure:
        run.show(failure)
        run.count(Counts(failed=1))


def _unit(run: Run) -> None:
    in_parallel(_unit_tasks(run), AT_A_TIME)


def _unit_tasks(run: Run) -> Iterator[Callable[[], None]]:
    chosen = _chosen_function()
    for repository, command in unit_tests.commands():
        if chosen in (None, repository):
            yield partial(run.attempt, f"unit {short_name(repository)}", partial(_own_tests, repository, command))
    if chosen is None:
        for name, folder in (("local", "local"), ("template", "template/tests")):
            yield partial(run.attempt, name, partial(_pytest, folder, credentials.without_accounts()))


def _chosen_function() -> str | None:
    """Return the repository of the function that ``FUNCTION`` names, if it names one.

    Raises
    ------
    Failure
        If there is no such function.
    """
    name = os.environ.get("FUNCTION")
    if not name:
        return None
    if PREFIX + name not in FUNCTIONS:
        raise Failure(f"FUNCTION={name} is none: choose one of {', '.join(map(short_name, FUNCTIONS))}")
    return PREFIX + name


def _on_stack(run: Run, folder: str, stack: StackFolder) -> None:
    """Run the tests of a folder against a stack."""
    run.attempt(folder, partial(_pytest, folder, _variables(stack)), remark=_skipped)


def _variables(stack: StackFolder) -> dict[str, str]:
    """Return an environment for tests of a stack."""
    kept = {name: value for name, value in credentials.without_accounts().items() if name not in ADDRESS}
    return {**kept, "PORT": str(stack.port), "STACK": str(stack.description)}


def _conformance(run: Run, variables: Mapping[str, str]) -> None:
    """Hold an API to its document, with a seed that is shown: the same one makes the same requests again."""
    seed = os.environ.get("SEED") or str(random.randrange(2**32))
    run.attempt(
        f"conformance with SEED={seed}",
        partial(_pytest, "e2e-tests", {**variables, "SEED": seed}, arguments=("conformance",)),
        remark=_checks_of_answers,
    )


def _checks_of_answers(log: Path) -> str:
    """Return what the conformance tests say of how much they checked."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "".join(f"; {line}" for line in lines if " checks of " in line)


def _skipped(log: Path) -> str:
    """Return what the tests say of those that were skipped, and why."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "".join(f"; {line}" for line in lines if line.startswith("SKIPPED ["))


def _own_tests(repository: str, command: tuple[str, ...], log: Path) -> Counts:
    """Run a repository's tests in an environment that names no account."""
    return _counted(command, log, repository, credentials.without_accounts() | unit_tests.variables())


def _pytest(folder: str, variables: Mapping[str, str], log: Path, arguments: tuple[str, ...] = ()) -> Counts:
    return _counted((sys.executable, "-m", "pytest", *arguments), log, folder, variables)


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
