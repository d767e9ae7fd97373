from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from local.layout import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GET = "2_1_bbws_get_product"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on the PATH to publish with")


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=A", "-c", "user.email=a@bbws.example", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *person, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(tree: Path, files: Mapping[str, str], message: str) -> None:
    for path, content in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content)
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", f"--message={message}")


def publish(tree: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(tree / ".ci" / "publish"), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with two commits that touch a repository's folder and one that doesn't."""
    folder = tmp_path / "tree"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "publish", folder / ".ci")
    commit(folder, {f"{GET}/src/handler.py": "one\n"}, "First")
    commit(folder, {"README.md": "about\n"}, "Beside it")
    commit(folder, {f"{GET}/src/handler.py": "two\n"}, "Second")
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository to publish to."""
    folder = tmp_path / "repository.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    return folder


def test_a_folder_becomes_a_repository_with_its_own_history(tree: Path, repository: Path) -> None:
    done = publish(tree, GET, repository)

    assert done.returncode == 0, done.stderr
    assert git(repository, "log", "--format=%s", "main").splitlines() == ["Second", "First"]
    assert git(repository, "ls-tree", "-r", "--name-only", "main").splitlines() == ["src/handler.py"]


def test_its_content_keeps_the_hash_by_which_deployments_know_it(tree: Path, repository: Path) -> None:
    publish(tree, GET, repository)

    assert git(repository, "rev-parse", "main^{tree}") == git(tree, "rev-parse", f"HEAD:{GET}")


def test_what_was_added_since_is_added_there(tree: Path, repository: Path) -> None:
    publish(tree, GET, repository)
    before = git(repository, "rev-parse", "main")
    commit(tree, {f"{GET}/src/handler.py": "three\n"}, "Third")

    assert publish(tree, GET, repository).returncode == 0
    assert git(repository, "rev-parse", "main~1") == before


def test_commits_that_do_not_come_from_here_are_not_overwritten(tree: Path, repository: Path, tmp_path: Path) -> None:
    publish(tree, GET, repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    commit(clone, {"README.md": "somebody's work\n"}, "Made there")
    git(clone, "push", "--quiet", "origin", "main")
    commit(tree, {f"{GET}/src/handler.py": "three\n"}, "Third")

    refused = publish(tree, GET, repository)

    assert refused.returncode != 0
    assert git(repository, "log", "-1", "--format=%s", "main") == "Made there"


def test_a_shallow_clone_is_refused(tree: Path, repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", tree.as_uri(), str(clone))

    refused = publish(clone, GET, repository)

    assert refused.returncode == 1
    assert "shallow" in refused.stderr
    assert git(repository, "branch", "--list") == ""


def test_a_wrong_command_line_is_told(tree: Path) -> None:
    done = publish(tree, GET)

    assert done.returncode == 2
    assert "usage: .ci/publish FOLDER URL" in done.stderr


def test_shellcheck_is_shown_every_shell_script() -> None:
    """local/checks.py takes what is in .ci; there is none elsewhere."""
    folders = [ROOT / name for name in ("benchmarks", "e2e-tests", "integration-tests", "local", "template")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files += [path for path in ROOT.glob("2_1_*/scripts/*") if path.is_file()]

    assert [path for path in files if path.open("rb").readline().startswith((b"#!/bin/sh", b"#!/bin/bash"))] == []
