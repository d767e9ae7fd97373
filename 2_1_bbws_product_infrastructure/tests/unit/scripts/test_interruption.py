"""Deployments that are cancelled or killed: what becomes of Terraform, and of the lock of the state."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import unlock
from deployment import deployable, terraform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Account, Ended, Terraform

PATIENCE_SECONDS = 60

LOCK = f"{deployable.NAME}/terraform.tfstate.tflock"


@pytest.fixture
def at_work(terraform_program: Terraform) -> Iterator[subprocess.Popen[str]]:
    """A script whose Terraform works until it is interrupted."""
    terraform_program.act("init", waits=True)
    with subprocess.Popen(
        [sys.executable, "-c", "from deployment import terraform; terraform.init('dev', 'a_repository')"],
        env={**os.environ, "PYTHONPATH": str(terraform.ROOT.parent / "scripts")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as script:
        while not terraform_program.is_waiting:
            assert script.poll() is None
            time.sleep(0.01)
        yield script
        terraform_program.kill()


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_terraform_ends_in_order_when_the_script_is_cancelled_even_twice(
    at_work: subprocess.Popen[str], terraform_program: Terraform, sign: signal.Signals, status: int
) -> None:
    at_work.send_signal(sign)
    at_work.send_signal(sign)

    _, said = at_work.communicate()

    assert at_work.returncode == status
    assert said.startswith("interrupted, in order\n")
    assert "it has let go of the state" in said
    assert terraform_program.interruptions == 1


def test_terraform_hears_nothing_of_the_terminals_interrupt(
    at_work: subprocess.Popen[str], terraform_program: Terraform
) -> None:
    assert os.getsid(terraform_program.process_id) != os.getsid(at_work.pid)


def test_terraform_outlives_a_script_that_is_killed(
    at_work: subprocess.Popen[str], terraform_program: Terraform
) -> None:
    at_work.kill()
    at_work.wait()

    # It says something more before it ends.
    os.kill(terraform_program.process_id, signal.SIGINT)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not terraform_program.has_ended_in_order:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def lock_of(who: str) -> str:
    return json.dumps({"ID": "1", "Operation": "OperationTypeApply", "Who": who, "Created": "2026-11-22T08:00:00Z"})


def test_lock_that_this_machine_left_behind_is_removed(dev: Account, run: Callable[..., Ended]) -> None:
    dev.put(LOCK, lock_of(unlock.this_user()))

    ended = run("unlock", "dev")

    assert ended.status == 0
    assert "removed the lock that terraform (OperationTypeApply) left behind" in ended.out
    assert not dev.keys()


def test_lock_of_somebody_else_is_left_alone(dev: Account, run: Callable[..., Ended]) -> None:
    dev.put(LOCK, lock_of("runner@another-machine"))

    ended = run("unlock", "dev")

    assert ended.status == 0
    assert "runner@another-machine holds the lock of the state since 2026-11-22T08:00:00Z" in ended.out
    assert dev.keys() == [LOCK]


def test_state_without_a_lock_is_said_to_have_none(dev: Account, run: Callable[..., Ended]) -> None:
    ended = run("unlock", "dev")

    assert (ended.status, ended.out) == (0, "the state is not locked\n")


def test_lock_stays_as_long_as_terraform_works(
    dev: Account, run: Callable[..., Ended], at_work: subprocess.Popen[str], terraform_program: Terraform
) -> None:
    dev.put(LOCK, lock_of(unlock.this_user()))

    impatient = run("unlock", "dev", "--patience", "0")
    locked = dev.keys()
    terraform_program.kill()
    at_work.wait()
    late = run("unlock", "dev")

    assert impatient.status == 1
    assert "a Terraform of this machine still works on this state: its lock stays" in impatient.err
    assert locked == [LOCK]
    assert late.status == 0
    assert not dev.keys()
