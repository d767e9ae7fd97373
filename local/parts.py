"""The parts of ``make test``: what each runs, where, and what it needs."""

from __future__ import annotations

import os
import random
import shlex
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from local import checks, credentials, environments, node, programs, terraform_provider, unit_tests
from local.counts import Counts, counts_of
from local.failure import Failure
from local.layout import FUNCTIONS, INFRASTRUCTURE, PREFIX, ROOT, short_name
from local.repository import terraform_variables
from local.suite_stacks import own_ministack

# The rehearsals are with the tests of a stack.
sys.path.append(str(ROOT / "integration-tests"))

from rehearsals.deployments import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from local.layout import StackFolder
    from local.runs import Run

# The one whose tests take longest comes first.
ROOTS = (
    ROOT / INFRASTRUCTURE / "terraform",
    ROOT / INFRASTRUCTURE / "bootstrap",
    *(ROOT / repository / "terraform" for repository in FUNCTIONS),
)

# What points the end-to-end tests at an address.
ADDRESS = ("API_URL", "API_KEY", "API_KEY_READER")

# Each is held in an account of its own, beside the others.
REHEARSALS = tuple(sorted((ROOT / "integration-tests" / "rehearsals").glob("test_*.py")))


def provide_provider(run: Run) -> None:
    """Fetch what Terraform needs."""
    run.attempt("Terraform provider", partial(_provided, terraform_provider.prepare))


def provide_checkers(run: Run) -> None:
    """Fetch what the checks need beside the virtual environment."""
    run.attempt("Node.js packages", partial(_provided, node.prepare))
    run.attempt("checkov", partial(_provided, partial(environments.provide, environments.CHECKOV)))
    run.attempt("policies' judges", partial(_provided, partial(environments.provide, environments.POLICY_JUDGES)))


def _provided(provide: Callable[[], object], log: Path) -> Counts:
    provide()
    return Counts()


def check_tasks(run: Run, wanted: Iterable[checks.Check]) -> Iterator[Callable[[], None]]:
    """Yield what makes each of some checks."""
    for check in wanted:
        yield partial(run.attempt, check.name, partial(_passes, check))


def _passes(check: checks.Check, log: Path) -> Counts:
    check.run(log)
    return Counts(passed=1)


def terraform_tasks(run: Run) -> Iterator[Callable[[], None]]:
    """Yield what runs the tests of each Terraform root."""
    for root in ROOTS:
        yield partial(run.attempt, f"terraform test {checks.root_name(root)}", partial(_terraform_test, root))


def _terraform_test(root: Path, log: Path) -> Counts:
    """Run the tests of a root: of those that all functions share, in one root."""
    report = log.with_suffix(".xml")
    variables = {**credentials.without_accounts(), **checks.root_variables(root, "test")}
    run = partial(programs.run, log=log, cwd=root, variables=variables, patience=programs.TEST_INTERRUPTED_WITHIN)
    run([*programs.IN_THE_BACKGROUND, *checks.initialisation(root)])
    command = [*programs.IN_THE_BACKGROUND, "terraform", f"-chdir={root}", "test", "-no-color", f"-junit-xml={report}"]
    if root.parent.name in FUNCTIONS and root not in checks.VALIDATED:
        command.append("-filter=tests/needs.tftest.hcl")
    status = run(command, accepted=range(256), append=True)
    return counts_of(report, status)


def rehearsal_tasks(run: Run) -> Iterator[Callable[[], None]]:
    """Yield what runs each of the rehearsals in an account that is empty at first."""
    for file in REHEARSALS:
        name = file.stem.removeprefix("test_").replace("_", " ")
        yield partial(run.attempt, f"rehearsal of {name}", partial(_rehearsal, file))


def _rehearsal(file: Path, log: Path) -> Counts:
    with own_ministack() as folder:
        variables = credentials.variables(folder) | terraform_variables(folder.terraform_data("rehearsals"))
        return _pytest("integration-tests", variables, log, arguments=(f"rehearsals/{file.name}",))


def rehearse_deployments(run: Run, stack: StackFolder) -> None:
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


def unit_tasks(run: Run) -> Iterator[Callable[[], None]]:
    """Yield what runs the tests of each repository, of the local run and of the template, or those of ``FUNCTION``."""
    chosen = _chosen_function()
    for repository, command in unit_tests.commands():
        if chosen in (None, repository):
            tests = partial(_own_tests, repository, command)
            yield partial(run.attempt, f"unit {short_name(repository)}", tests, remark=_skipped)
    if chosen is None:
        for name, folder in (("local", "local"), ("template", "template/tests")):
            yield partial(run.attempt, name, partial(_other_tests, folder), remark=_skipped)


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


def on_stack(run: Run, folder: str, stack: StackFolder | None) -> None:
    """Run the tests of a folder against a stack, or against what the environment names."""
    run.attempt(folder, partial(_pytest, folder, _variables(stack)), remark=_skipped)


def conformance(run: Run, stack: StackFolder | None) -> None:
    """Hold an API to its document, with a seed that is shown: the same one makes the same requests again."""
    seed = os.environ.get("SEED") or str(random.randrange(2**32))
    variables = {**_variables(stack), "SEED": seed}
    tests = partial(_pytest, "e2e-tests", variables, arguments=("conformance",))
    run.attempt(f"conformance with SEED={seed}", tests, remark=_checks_of_answers)


def _variables(stack: StackFolder | None) -> dict[str, str]:
    """Return an environment for tests of a stack, or of what the environment names."""
    variables = credentials.without_accounts()
    if stack is None:
        return variables
    kept = {name: value for name, value in variables.items() if name not in ADDRESS}
    return {**kept, "PORT": str(stack.port), "STACK": str(stack.description)}


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
    variables = credentials.without_accounts() | unit_tests.variables()
    return _counted((*programs.IN_THE_BACKGROUND, *command), log, repository, variables)


def _other_tests(folder: str, log: Path) -> Counts:
    """Run the tests in a folder, which need nothing that runs, in an environment that names no account."""
    command = (*programs.IN_THE_BACKGROUND, sys.executable, "-m", "pytest")
    return _counted(command, log, folder, credentials.without_accounts())


def _pytest(folder: str, variables: Mapping[str, str], log: Path, arguments: tuple[str, ...] = ()) -> Counts:
    return _counted((sys.executable, "-m", "pytest", *arguments), log, folder, variables)


def _counted(command: tuple[str, ...], log: Path, folder: str, variables: Mapping[str, str]) -> Counts:
    """Run tests with pytest, which the command calls in one way or another."""
    report = log.with_suffix(".xml")
    options = shlex.join(["-q", "-rs", "-p", "no:cacheprovider", f"--junitxml={report}"])
    environment = {
        **variables,
        "PYTEST_ADDOPTS": options,
        # Two runs at a time must not write into one file.
        "COVERAGE_FILE": str(log.with_suffix(".coverage")),
    }
    patience = programs.TEST_INTERRUPTED_WITHIN
    status = programs.run(command, log, ROOT / folder, environment, accepted=range(256), patience=patience)
    return counts_of(report, status)
