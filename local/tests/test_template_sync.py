from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.layout import FUNCTIONS, INFRASTRUCTURE, REPOSITORIES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

GET = "2_1_bbws_get_product"
# Those that a queue invokes.
QUEUE_FUNCTIONS = {"2_1_bbws_product_creator", "2_1_bbws_audit_logger"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a small template that all repositories agree with."""
    for repository in REPOSITORIES:
        (tmp_path / repository).mkdir()
    for repository in FUNCTIONS:
        queue = "local.infrastructure.some_queue_arn" if repository in QUEUE_FUNCTIONS else "null"
        needs = tmp_path / repository / "terraform" / "needs.tf"
        needs.parent.mkdir()
        needs.write_text(f"locals {{\n  api_routes       = []\n  source_queue_arn = {queue}\n}}\n")
    template = tmp_path / "template"
    for path, content in {
        "repository/.gitignore": "build/\n",
        "function/Makefile": "test:\n",
        "function/scripts/build.py": "#!/usr/bin/env python3\n",
        "function/src/common/prices.py": "CENTS = 2\n",
        "queue_function/scripts/replay.py": "import sys\n",
    }.items():
        (template / path).parent.mkdir(parents=True, exist_ok=True)
        (template / path).write_text(content)
    (template / "function/scripts/build.py").chmod(0o755)
    shutil.copy2(ROOT / "template" / "sync", template / "sync")
    assert sync(tmp_path).returncode == 0
    return tmp_path


def sync(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / "template" / "sync"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_repositories_are_those_of_the_local_run() -> None:
    assert {path.name for path in ROOT.glob("2_1_bbws_*")} == set(REPOSITORIES)


def test_functions_get_both_parts_and_the_infrastructure_the_common_one(tree: Path) -> None:
    for repository in FUNCTIONS:
        assert (tree / repository / "src/common/prices.py").read_text() == "CENTS = 2\n"
    assert [path.name for path in (tree / INFRASTRUCTURE).iterdir()] == [".gitignore"]


def test_functions_that_read_a_queue_get_the_third_part_and_no_others(tree: Path) -> None:
    assert {path.parent.parent.name for path in tree.glob("2_1_bbws_*/scripts/replay.py")} == QUEUE_FUNCTIONS


def test_the_functions_that_read_a_queue_are_the_creator_and_the_audit_logger() -> None:
    shared = {path.relative_to(ROOT / "template" / "queue_function") for path in files_of_the_third_part()}
    assert shared

    holders = {repository for repository in REPOSITORIES for path in shared if (ROOT / repository / path).exists()}

    assert holders == QUEUE_FUNCTIONS


def files_of_the_third_part() -> list[Path]:
    folder = ROOT / "template" / "queue_function"
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_agreement_is_no_drift(tree: Path) -> None:
    (tree / GET / "src/handler.py").write_text("its own\n")
    (tree / GET / "src/common/__pycache__").mkdir()
    (tree / GET / "src/common/__pycache__/prices.cpython-311.pyc").write_bytes(b"made by Python")

    assert sync(tree, "--check").returncode == 0


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ("Makefile", lambda file: file.write_text("test: lint\n"), "differs"),
        ("Makefile", lambda file: file.unlink(), "is missing"),
        ("scripts/build.py", lambda file: file.chmod(0o644), "has another mode"),
        ("src/common/extra.py", lambda file: file.write_text("# mine\n"), "is not in the template"),
    ],
)
def test_drift_is_named_left_alone_by_a_check_and_mended_by_copying(
    tree: Path, path: str, change: object, said: str
) -> None:
    assert callable(change)
    change(tree / GET / path)

    checked = sync(tree, "--check")
    assert checked.returncode == 1
    assert f"{GET}/{path} {said}" in checked.stdout
    assert sync(tree, "--check").returncode == 1

    copied = sync(tree)
    assert copied.returncode == 0
    assert copied.stdout == f"{GET}: 1 files brought in line\n"
    assert sync(tree, "--check").returncode == 0


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [("repository", "function", "Makefile"), ("function", "queue_function", "scripts/replay.py")],
)
def test_a_file_in_two_parts_of_the_template_is_refused(tree: Path, one: str, other: str, path: str) -> None:
    for part in (one, other):
        file = tree / "template" / part / path
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine\n")

    refused = sync(tree)

    assert refused.returncode == 1
    assert f"{path} is both in template/{one} and in template/{other}" in refused.stderr


def test_what_all_repositories_call_is_in_the_tree_s_root_as_well(tree: Path) -> None:
    shared = ".github/workflows/deploy.yml"
    original = tree / "template" / "repository" / shared
    original.parent.mkdir(parents=True)
    original.write_text("on:\n  workflow_call:\n")

    checked = sync(tree, "--check")
    assert checked.returncode == 1
    assert f"\n{shared} is missing" in checked.stdout

    assert sync(tree).returncode == 0
    assert (tree / shared).read_text() == (tree / GET / shared).read_text() == original.read_text()
    assert sync(tree, "--check").returncode == 0
