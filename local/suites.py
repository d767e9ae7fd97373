"""``make test`` and its parts as commands: each prints its steps with their times and ends with one line of counts."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local import checks, parts
from local.counts import Counts
from local.failure import Failure
from local.parallel import in_parallel, tasks_at_a_time
from local.runs import Run, counted
from local.suite_stacks import any_stack, own_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.layout import StackFolder

AT_A_TIME = os.cpu_count() or 2


@counted
def test(run: Run) -> None:
    """Run everything, on stacks of its own.

    Whoever deploys waits for AWS, or for what plays it, most of the time. So two stacks come up and are tried, and
    accounts are rehearsed one after the other, while what needs the processors goes on.
    """
    parts.provide_provider(run)
    with tasks_at_a_time(3) as meanwhile:
        waiting = [meanwhile.submit(task, run) for task in (_with_a_stack_for_events, _with_a_stack_for_callers)]
        waiting += [meanwhile.submit(task) for task in parts.rehearsal_tasks(run)]
        parts.provide_checkers(run)
        # The longest come first.
        in_parallel(
            [*parts.unit_tasks(run), *parts.terraform_tasks(run), *parts.check_tasks(run, checks.all_checks())],
            AT_A_TIME,
        )
        for task in waiting:
            task.result()
    run.show_slowest()


def _with_a_stack_for_events(run: Run) -> None:
    with _stack_of_the_run(run) as folder:
        parts.on_stack(run, "integration-tests", folder)


def _with_a_stack_for_callers(run: Run) -> None:
    with _stack_of_the_run(run) as folder:
        parts.on_stack(run, "e2e-tests", folder)
        parts.conformance(run, folder)
        parts.rehearse_deployments(run, folder)


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
    parts.provide_provider(run)
    parts.provide_checkers(run)
    in_parallel(parts.check_tasks(run, checks.all_checks()), AT_A_TIME)


@counted
def rehearse(run: Run) -> None:
    """Run what people and workflows do to an account: first in an empty one, then where everything is deployed."""
    parts.provide_provider(run)
    with tasks_at_a_time(len(parts.REHEARSALS)) as meanwhile:
        waiting = [meanwhile.submit(task) for task in parts.rehearsal_tasks(run)]
        with _stack_of_the_run(run) as folder:
            parts.rehearse_deployments(run, folder)
        for task in waiting:
            task.result()


@counted
def check(run: Run) -> None:
    """Check that the repositories agree with the template."""
    in_parallel(parts.check_tasks(run, [checks.template_check()]), AT_A_TIME)


@counted
def terraform(run: Run) -> None:
    """Run the tests of every Terraform root."""
    parts.provide_provider(run)
    in_parallel(parts.terraform_tasks(run), AT_A_TIME)


@counted
def unit(run: Run) -> None:
    """Run every repository's own tests, and those of the local run and of the template."""
    in_parallel(parts.unit_tasks(run), AT_A_TIME)


@counted
def integration(run: Run) -> None:
    """Run what crosses a queue, table or bucket."""
    with any_stack(run.steps) as folder:
        parts.on_stack(run, "integration-tests", folder)


@counted
def e2e(run: Run) -> None:
    """Run what goes through the API alone."""
    with _addressed_or_any_stack(run) as folder:
        parts.on_stack(run, "e2e-tests", folder)


@counted
def conformance(run: Run) -> None:
    """Hold the API to its document."""
    with _addressed_or_any_stack(run) as folder:
        parts.conformance(run, folder)


@contextmanager
def _addressed_or_any_stack(run: Run) -> Iterator[StackFolder | None]:
    """Use what ``API_URL`` names, which is no stack, or else a stack."""
    if os.environ.get("API_URL"):
        yield None
        return
    with any_stack(run.steps) as folder:
        yield folder
