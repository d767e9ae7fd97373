"""scripts/release.py of the infrastructure, and what it deploys: it is tried and looked at, and only then noted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import release
import smoke_test
import validate_infrastructure
from deployment import deployable, terraform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Account, Ended, Terraform


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the smoke test and the look at the environment go well, and return which of them were made."""
    tried: list[str] = []
    monkeypatch.setattr(smoke_test, "through_api", lambda environment: tried.append(f"smoke test of {environment}"))
    monkeypatch.setattr(validate_infrastructure, "validate", lambda environment: tried.append(f"look at {environment}"))
    return tried


def test_what_was_tried_and_is_as_promised_is_noted_as_deployed(
    dev: Account, run: Callable[..., Ended], commit: Callable[[str], str], tried: list[str], tmp_path: Path
) -> None:
    tree = commit("one")

    ended = run("release", "dev", "--version", "", "--summary", str(tmp_path / "summary"))

    assert ended.status == 0, ended.err
    assert tried == ["smoke test of dev", "look at dev"]
    assert dev.get(f"deployed/{deployable.NAME}/{tree}.json")["tree"] == tree
    assert f"{deployable.NAME}: deployed to dev" in ended.out
    assert (tmp_path / "summary").read_text() == f"## Tried in dev: {deployable.NAME}\n\n"


def test_what_no_commit_holds_is_not_noted(
    dev: Account, run: Callable[..., Ended], commit: Callable[[str], str], tried: list[str]
) -> None:
    ended = run("release", "dev")

    assert ended.status == 0, ended.err
    assert "not noted as deployed: no commit holds what is here" in ended.out
    assert not dev.keys()


def test_failed_smoke_test_stops_it_and_says_what_to_do(
    dev: Account,
    run: Callable[..., Ended],
    commit: Callable[[str], str],
    tried: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit("one")

    def fail(environment: str) -> None:
        raise smoke_test.Failed("it got 500")

    monkeypatch.setattr(smoke_test, "through_api", fail)

    ended = run("release", "dev")

    said = "error: it got 500. What was applied stays; deploy an earlier commit to go back\n"
    assert (ended.status, ended.err) == (1, said)
    assert tried == []
    assert not dev.keys()


def test_broken_promise_stops_it_before_anything_is_noted(
    dev: Account,
    run: Callable[..., Ended],
    commit: Callable[[str], str],
    tried: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit("one")
    monkeypatch.setattr(validate_infrastructure, "validate", lambda _: terraform.fail("dev is not as promised"))

    ended = run("release", "dev")

    assert (ended.status, ended.err) == (1, "error: dev is not as promised\n")
    assert not dev.keys()


def test_beside_others_it_is_neither_tried_nor_noted(
    dev: Account, tried: list[str], commit: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    commit("one")

    release.release("dev", {}, beside_others=True)

    assert capsys.readouterr().out == f"{deployable.NAME}: deployed to dev\n"
    assert tried == []
    assert not dev.keys()


def test_infrastructure_is_planned_and_applied_without_a_package(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform, tmp_path: Path
) -> None:
    dev.state(deployable.NAME, api_url="https://api.example/v1.0")

    planned = run("plan", "dev", "--summary", str(tmp_path / "summary"))
    applied = run("apply", "dev", "--plan-checksum", planned.values["plan-checksum"])

    assert planned.values["package-checksum"] == ""
    assert not any(argument.startswith("-var=") for argument in terraform_program.calls("plan")[0])
    assert "| code |" not in (tmp_path / "summary").read_text()
    assert applied.values == {"api-url": "https://api.example/v1.0"}


def test_note_holds_what_was_applied(dev: Account, tried: list[str], commit: Callable[[str], str]) -> None:
    tree = commit("one")

    release.release("dev", {"api-url": "https://api.example/v1.0"})

    note = dev.get(f"deployed/{deployable.NAME}/{tree}.json")
    assert (note["environment"], note["api-url"]) == ("dev", "https://api.example/v1.0"), json.dumps(note)
