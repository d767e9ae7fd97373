from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from local import environments, logs, programs, stack, state_bucket, suite_stacks
from local.description import describe
from local.environments import VirtualEnvironment
from local.failure import Failure
from local.layout import ROOT, chosen_stack
from local.locking import locked, stack_locked
from local.secret_file import write_secret

if TYPE_CHECKING:
    from pathlib import Path

    from local.layout import StackFolder


def test_a_failing_program_shows_the_end_of_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        programs.run(["sh", "-c", "seq 1 100; exit 3"], tmp_path / "log", tmp_path)

    assert caught.value.details.splitlines()[-1] == "100"
    assert len(caught.value.details.splitlines()) == programs.TAIL


def test_an_accepted_status_is_returned(tmp_path: Path) -> None:
    assert programs.run(["sh", "-c", "exit 5"], tmp_path / "log", tmp_path, accepted=(0, 5)) == 5


@pytest.mark.parametrize("text", ["http", "80", "65536", "-1", "4566.0"])
def test_a_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)

    with pytest.raises(Failure, match=f"PORT={text}"):
        chosen_stack()


def test_two_commands_never_work_on_one_stack(folder: StackFolder) -> None:
    with stack_locked(folder), pytest.raises(Failure, match=rf"port {folder.port}"), stack_locked(folder):
        pass


@pytest.mark.parametrize("name", ["get_product", "get-product", "2_1_bbws_get_product"])
def test_a_function_is_known_by_any_of_its_names(name: str) -> None:
    assert logs.chosen(name) == "2_1_bbws_get_product"


def test_a_function_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(Failure, match=r"audit_logger"):
        logs.chosen("nothing")


def test_a_virtual_environment_is_current_until_a_requirement_changes(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("six==1.16.0\n")
    environment = VirtualEnvironment(tmp_path / "environment", (requirements,))
    assert not environments.is_current(environment)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    environment.stamp.write_text(environments.fingerprint(environment))
    assert environments.is_current(environment)

    requirements.write_text("six==1.17.0\n")

    assert not environments.is_current(environment)


def test_a_first_deployment_that_was_killed_is_half_made(folder: StackFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    held = ["2_1_bbws_product_infrastructure/terraform.tfstate.tflock"]
    monkeypatch.setattr(state_bucket, "held_locks", lambda folder: held)
    assert stack.is_half_made(folder)

    folder.description.touch()
    assert not stack.is_half_made(folder)


def test_api_keys_are_secret_and_stay(folder: StackFolder) -> None:
    stack.make_api_keys(folder.api_keys, "api_key_numbers = {}")
    chosen = folder.api_keys.read_text()
    assert folder.api_keys.stat().st_mode & 0o777 == 0o600

    stack.make_api_keys(folder.api_keys, "api_key_numbers = {}")

    assert folder.api_keys.read_text() == chosen


def test_keys_of_a_rotation_get_values_and_the_others_keep_theirs(folder: StackFolder) -> None:
    stack.make_api_keys(folder.api_keys, "api_key_numbers = {}")
    before = json.loads(folder.api_keys.read_text())

    stack.make_api_keys(folder.api_keys, "a = 1\napi_key_numbers  = { admin = [3, 2], storefront = [1, 2] }\nb = 2\n")

    values = json.loads(folder.api_keys.read_text())
    assert set(values) == {"admin", "storefront", "admin/3", "admin/2", "storefront/2"}
    assert len(set(values.values())) == len(values)
    assert values.items() >= before.items()


def test_a_described_stack_has_the_key_that_each_client_is_to_use(folder: StackFolder) -> None:
    write_secret(folder.api_keys, {"admin": "old", "admin/2": "new", "storefront": "only"})
    infrastructure = {
        "api_id": "abc",
        "api_keys": {"admin": [{"name": "admin/2"}, {"name": "admin"}], "storefront": [{"name": "storefront"}]},
        **dict.fromkeys(("table_name", "change_queue_url", "change_dlq_url", "audit_queue_url"), ""),
        **dict.fromkeys(("audit_dlq_url", "audit_bucket_name"), ""),
    }

    described = describe(folder, infrastructure, None)

    assert described["apiKeys"] == {"admin": "new", "storefront": "only"}


def test_an_old_python_is_told_what_is_needed() -> None:
    source = (ROOT / "local" / "__main__.py").read_text()
    old = f"import sys; sys.version_info = (3, 6); exec({source!r})"

    refused = subprocess.run([sys.executable, "-c", old], check=False, capture_output=True, text=True)

    assert refused.returncode == 1
    assert "Python 3.11 or newer is needed" in refused.stderr


def test_a_program_that_outlives_its_killed_command_keeps_the_stack_locked(tmp_path: Path) -> None:
    lock, pid = tmp_path / "lock", tmp_path / "pid"
    program = f"""
from pathlib import Path
from local import locking, programs
with locking.locked(Path({str(lock)!r})):
    programs.run(["sh", "-c", 'echo $$ > "$0.new"; mv "$0.new" "$0"; exec sleep 60', {str(pid)!r}], Path("log"), Path())
"""
    command = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    while not pid.exists():
        assert command.poll() is None
        time.sleep(0.02)
    command.kill()
    command.wait()

    with pytest.raises(Failure, match="busy"), locked(lock, "busy"):
        pass

    os.kill(int(pid.read_text()), signal.SIGKILL)
    with locked(lock):
        pass


def test_what_a_killed_run_left_is_removed_once_nothing_works_on_it(
    folder: StackFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite_stacks, "STATE", tmp_path)
    (folder.path / suite_stacks.OWNER).write_text('{"pid": 1, "started": "long ago"}')

    with stack_locked(folder):
        suite_stacks.sweep()
    assert folder.path.exists()

    suite_stacks.sweep()
    assert not folder.path.exists()


def test_what_a_run_that_goes_on_owns_stays(
    folder: StackFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite_stacks, "STATE", tmp_path)
    suite_stacks.own(folder.path)

    suite_stacks.sweep()

    assert folder.path.exists()
