"""scripts/export_api_keys.py: whose keys are written where, and what becomes of the file when something goes wrong."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import boto3
import pytest
from tests.unit.scripts.infrastructure.conftest import Refusal

import export_api_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Account, Ended
    from tests.unit.scripts.infrastructure.conftest import Aws


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the keys are to go: no file is there, in a folder outside of any work tree."""
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder / "keys.json"


@pytest.mark.parametrize("filters", [True, False])
def test_every_clients_key_is_written_and_none_is_printed(
    dev: Account, run: Callable[..., Ended], aws: Aws, file: Path, *, filters: bool
) -> None:
    names = [f"bbws/product-api/{name}" for name in ("dev/admin", "dev/storefront", "sit/admin", "dev-2/admin")]
    if filters:
        boto3.client("secretsmanager", region_name=dev.region).create_secret(Name=names[2], SecretString="of sit")
    else:
        aws.answers("secretsmanager.ListSecrets", {"SecretList": [{"Name": name} for name in names]})

    ended = run("export_api_keys", "dev", "--output", str(file))

    assert ended.status == 0, ended.err
    assert json.loads(file.read_text()) == {"admin": "key-of-admin", "storefront": "key-of-storefront"}
    assert ended.out == f"{file} has the keys of admin, storefront; nobody but you can read it\n"


def test_file_is_in_the_repositorys_folder_unless_another_is_named(
    dev: Account, run: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_api_keys, "REPOSITORY", tmp_path)

    run("export_api_keys", "dev")

    assert json.loads((tmp_path / "api-keys.dev.json").read_text())["admin"] == "key-of-admin"


@pytest.mark.parametrize("before", [None, 0o666])
def test_nobody_else_can_read_the_file_from_its_first_byte_on(
    dev: Account, run: Callable[..., Ended], file: Path, monkeypatch: pytest.MonkeyPatch, before: int | None
) -> None:
    if before:
        file.write_text("what was there")
        file.chmod(before)
    seen: dict[str, int] = {}
    monkeypatch.setattr(
        export_api_keys.os,
        "fsync",
        lambda _: seen.update({each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}),
    )
    umask = os.umask(0)
    try:
        run("export_api_keys", "dev", "--output", str(file))
    finally:
        os.umask(umask)

    seen.pop(file.name, None)
    assert list(seen.values()) == [0o600]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OSError(28, "No space left on device"), 1, "error: {file} can't be written: No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_failed_attempt_leaves_the_file_as_it_was_and_nothing_else(
    dev: Account,
    run: Callable[..., Ended],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    said: str,
) -> None:
    file.write_text("what was there")

    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(export_api_keys.os, "fsync", fail)

    ended = run("export_api_keys", "dev", "--output", str(file))

    assert (ended.status, ended.err) == (status, said.format(file=file) + "\n")
    assert {each.name: each.read_text() for each in file.parent.iterdir()} == {file.name: "what was there"}


@pytest.mark.parametrize("kind", ["a folder", "a link", "a pipe"])
def test_what_is_no_ordinary_file_is_refused(run: Callable[..., Ended], aws: Aws, file: Path, kind: str) -> None:
    if kind == "a folder":
        file.mkdir()
    elif kind == "a link":
        file.symlink_to(file.parent / "elsewhere")
    else:
        os.mkfifo(file)

    ended = run("export_api_keys", "dev", "--output", str(file))

    assert (ended.status, aws.calls) == (1, [])
    assert ended.err == f"error: {file} is no ordinary file: keys go into one, and are never printed\n"


def test_folder_that_is_not_there_is_named(run: Callable[..., Ended], aws: Aws, file: Path) -> None:
    ended = run("export_api_keys", "dev", "--output", str(file / "keys.json"))

    assert (ended.status, aws.calls) == (1, [])
    assert ended.err == f"error: {file} is not there: make it first\n"


def test_file_that_git_would_take_is_refused_and_one_that_it_ignores_is_written(
    dev: Account, run: Callable[..., Ended], aws: Aws, commit: Callable[[str], str], tmp_path: Path
) -> None:
    commit("a work tree")
    file = tmp_path / "tree" / "keys.json"

    refused = run("export_api_keys", "dev", "--output", str(file))
    asked = list(aws.calls)
    (tmp_path / "tree" / ".gitignore").write_text("keys.json\n")
    ignored = run("export_api_keys", "dev", "--output", str(file))

    assert (refused.status, asked) == (1, [])
    assert f"git doesn't ignore {file}" in refused.err
    assert ignored.status == 0, ignored.err


def test_without_git_the_file_is_written(
    dev: Account, run: Callable[..., Ended], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(file.parent))

    assert run("export_api_keys", "dev", "--output", str(file)).status == 0


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied"])
@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("ListSecrets", "list the secrets: that takes secretsmanager:ListSecrets"),
        ("GetSecretValue", "read the secret bbws/product-api/dev/admin: that takes secretsmanager:GetSecretValue"),
    ],
)
def test_missing_permission_is_named(
    dev: Account, run: Callable[..., Ended], aws: Aws, file: Path, call: str, said: str, code: str
) -> None:
    aws.answers(f"secretsmanager.{call}", Refusal(code))

    ended = run("export_api_keys", "dev", "--output", str(file))

    assert (ended.status, ended.err) == (1, f"error: these credentials may not {said}\n")
    assert not file.exists()


@pytest.mark.parametrize("answer", [Refusal("ResourceNotFoundException"), {"SecretString": ""}, {}])
def test_secret_without_a_key_is_named_and_nothing_is_written(
    dev: Account, run: Callable[..., Ended], aws: Aws, file: Path, answer: object
) -> None:
    aws.answers("secretsmanager.GetSecretValue", {"SecretString": "the admin's"}, answer)

    ended = run("export_api_keys", "dev", "--output", str(file))

    said = "error: the secret bbws/product-api/dev/storefront holds no key: deploy this repository again\n"
    assert (ended.status, ended.err) == (1, said)
    assert not file.exists()


def test_environment_without_keys_is_told(dev: Account, run: Callable[..., Ended], aws: Aws, file: Path) -> None:
    aws.answers("secretsmanager.ListSecrets", {"SecretList": []})

    ended = run("export_api_keys", "dev", "--output", str(file))

    said = "error: dev has no secret bbws/product-api/dev/…: deploy this repository there first\n"
    assert (ended.status, ended.err) == (1, said)


def test_failure_of_aws_is_told_in_one_line(dev: Account, run: Callable[..., Ended], aws: Aws, file: Path) -> None:
    aws.answers("secretsmanager.GetSecretValue", Refusal("InternalServiceError", 500))

    ended = run("export_api_keys", "dev", "--output", str(file))

    assert ended.status == 1
    assert ended.err.startswith("error: AWS refused or failed: ")
    assert ended.err.count("\n") == 1
    assert not file.exists()


def test_credentials_of_another_account_are_refused(
    dev: Account, sign_in: Callable[[str], None], run: Callable[..., Ended], file: Path
) -> None:
    sign_in("sit")

    ended = run("export_api_keys", "dev", "--output", str(file))

    assert ended.status == 1
    assert "which is not that of dev" in ended.err
    assert not file.exists()
