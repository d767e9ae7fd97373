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
CREATOR = "2_1_bbws_product_creator"
# Those that a queue invokes.
QUEUE_FUNCTIONS = {CREATOR, "2_1_bbws_audit_logger"}

COMMAND = 'if __name__ == "__main__":\n    pass\n'
ROUTES = 'locals {\n  api_routes       = ["GET/v1.0/products"]\n  source_queue_arn = null\n}\n'
QUEUE = "locals {\n  api_routes       = []\n  source_queue_arn = local.infrastructure.some_queue_arn\n}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a small template that all repositories agree with."""
    put(
        tmp_path / "template",
        {
            "repository/.gitignore": "build/\n",
            "repository/tests/unit/scripts/test_plan.py": "import json\n",
            "function/Makefile": "test:\n",
            "function/scripts/build.py": f"#!/usr/bin/env python3\nfrom deployment import versions\n{COMMAND}",
            "function/scripts/deployment/versions.py": "import json\n",
            "function/src/common/__init__.py": "",
            "function/src/common/prices.py": "from common import text\n",
            "function/src/common/text.py": "import unicodedata\n",
            "function/src/common/batch.py": "import time\n",
            "function/tests/unit/common/test_prices.py": "from common import prices\n",
            "function/tests/unit/common/test_batch.py": "from common.batch import time\n",
            "queue_function/scripts/replay.py": COMMAND,
        },
    )
    for repository in REPOSITORIES:
        (tmp_path / repository).mkdir()
    for repository in FUNCTIONS:
        is_queue_function = repository in QUEUE_FUNCTIONS
        put(
            tmp_path / repository,
            {
                "terraform/needs.tf": QUEUE if is_queue_function else ROUTES,
                "requirements.txt": "pydantic==2.13.0\n",
                "src/handler.py": "from common.batch import time\n" if is_queue_function else "import common.prices\n",
            },
        )
    (tmp_path / "template/function/scripts/build.py").chmod(0o755)
    for script in ("sync", "shares.py", "imports.py"):
        shutil.copy2(ROOT / "template" / script, tmp_path / "template")
    assert sync(tmp_path).returncode == 0
    return tmp_path


def put(folder: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def sync(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / "template" / "sync"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_repositories_are_those_of_the_local_run() -> None:
    assert {path.name for path in ROOT.glob("2_1_bbws_*")} == set(REPOSITORIES)


def test_functions_get_both_parts_and_the_infrastructure_the_common_one(tree: Path) -> None:
    for repository in FUNCTIONS:
        assert (tree / repository / "Makefile").read_text() == "test:\n"
    assert {path.name for path in (tree / INFRASTRUCTURE).iterdir()} == {".gitignore", "tests"}


def test_a_function_gets_what_it_imports_directly_or_not_and_its_tests_alone(tree: Path) -> None:
    def held(repository: str) -> set[str]:
        return {path.name for folder in ("src", "tests") for path in (tree / repository / folder).rglob("common/*.py")}

    assert held(GET) == {"__init__.py", "prices.py", "text.py", "test_prices.py"}
    assert held(CREATOR) == {"__init__.py", "batch.py", "test_batch.py"}

    (tree / GET / "src/handler.py").write_text("from common import batch\n")
    assert sync(tree).returncode == 0

    assert held(GET) == {"__init__.py", "batch.py", "test_batch.py"}


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
    (tree / GET / "src/handler.py").write_text("from common import prices\n\nits_own = 1\n")
    (tree / GET / "src/common/__pycache__").mkdir()
    (tree / GET / "src/common/__pycache__/prices.cpython-311.pyc").write_bytes(b"made by Python")

    assert sync(tree, "--check").returncode == 0


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ("Makefile", lambda file: file.unlink(), "is missing"),
        ("scripts/build.py", lambda file: file.chmod(0o644), "has another mode"),
        ("src/common/batch.py", lambda file: file.write_text("import time\n"), "is not for this repository"),
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


def test_copies_go_where_their_original_has_gone(tree: Path) -> None:
    (tree / "template/repository/tests/unit/scripts/test_plan.py").unlink()

    assert f"{GET}/tests/unit/scripts/test_plan.py is not for this repository" in sync(tree, "--check").stdout
    assert sync(tree).returncode == 0

    assert not list(tree.glob("2_1_bbws_*/tests/unit/scripts/*"))


def test_the_infrastructure_tests_its_own_scripts_beside_the_shared_ones(tree: Path) -> None:
    put(tree / INFRASTRUCTURE, {"tests/unit/scripts/infrastructure/test_bootstrap.py": "import json\n"})

    assert sync(tree, "--check").returncode == 0


def test_a_template_that_changed_is_copied(tree: Path) -> None:
    (tree / "template/function/Makefile").write_text("test: lint\n")

    assert f"{GET}/Makefile differs" in sync(tree, "--check").stdout
    assert sync(tree).returncode == 0

    assert (tree / GET / "Makefile").read_text() == "test: lint\n"


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        pytest.param(
            f"{GET}/terraform/needs.tf",
            "source_queue_arn = null\n",
            f"{GET}/terraform/needs.tf doesn't say what api_routes is",
            id="needs.tf without routes",
        ),
        pytest.param(
            f"{GET}/terraform/needs.tf",
            b"\xff",
            f"{GET}/terraform/needs.tf can't be read: ",
            id="needs.tf is no text",
        ),
        pytest.param(
            f"{GET}/terraform/needs.tf",
            None,
            f"{GET}/terraform/needs.tf can't be read: No such file or directory",
            id="no needs.tf",
        ),
        pytest.param(
            f"{GET}/terraform/needs.tf",
            ROUTES.replace("null", "local.infrastructure.some_queue_arn"),
            f"{GET}/terraform/needs.tf names both api_routes and a source queue: ",
            id="both signs",
        ),
        pytest.param(
            f"{GET}/terraform/needs.tf",
            QUEUE.replace("local.infrastructure.some_queue_arn", "null"),
            f"{GET}/terraform/needs.tf names neither api_routes nor a source queue: ",
            id="neither sign",
        ),
        pytest.param(
            "template/function/src/common/text.py",
            "import pydantic\nimport boto3\n",
            "template/function/src/common/text.py imports boto3, which 2_1_bbws_",
            id="a package that isn't required",
        ),
        pytest.param(
            "template/function/src/common/extra.py",
            "",
            "template/function/src/common/extra.py is imported by no function",
            id="a shared module that nobody imports",
        ),
        pytest.param(
            f"{GET}/src/extra.py", "", f"{GET}/src/extra.py is imported by nothing in {GET}", id="a module of its own"
        ),
        pytest.param(
            "template/function/scripts/deployment/extra.py",
            "",
            "template/function/scripts/deployment/extra.py is imported by nothing in ",
            id="a script's module",
        ),
        pytest.param(
            f"{GET}/scripts/extra.py",
            "",
            f"{GET}/scripts/extra.py is no command: modules are in a folder below scripts/",
            id="a module among the commands",
        ),
        pytest.param(
            "template/function/tests/unit/common/test_prices.py",
            "from common import batch\n",
            "template/function/tests/unit/common/test_prices.py imports common.batch, which ",
            id="a test of what isn't there",
        ),
        pytest.param(
            "template/function/tests/unit/common/test_extra.py",
            "",
            "template/function/tests/unit/common/test_extra.py tests no module that a function imports",
            id="a test of no module",
        ),
        pytest.param(
            f"{GET}/src/handler.py",
            "from common import (\n",
            f"{GET}/src/handler.py line 1 is no Python: ",
            id="no Python",
        ),
        pytest.param(
            f"{GET}/src/common/text.py",
            "mine = 1\n",
            f"{GET}/src/common/text.py was edited: move that to template/function/src/common/text.py and undo it here",
            id="an edited copy",
        ),
        pytest.param(
            f"{GET}/src/common/extra.py",
            "mine = 1\n",
            f"{GET}/src/common/extra.py was edited: ",
            id="a file that the template doesn't know",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_in_one_line_and_nothing_is_copied(
    tree: Path, path: str, content: str | bytes | None, said: str
) -> None:
    (tree / "template/function/Makefile").write_text("test: lint\n")
    if content is None:
        (tree / path).unlink()
    elif isinstance(content, bytes):
        (tree / path).write_bytes(content)
    else:
        put(tree, {path: content})

    refused = sync(tree)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"template/sync: {said}")
    assert refused.stderr.count("\n") == 1
    assert (tree / GET / "Makefile").read_text() == "test:\n"
    assert sync(tree, "--check").returncode == 1


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [("repository", "function", "Makefile"), ("function", "queue_function", "scripts/replay.py")],
)
def test_a_file_in_two_parts_of_the_template_is_refused(tree: Path, one: str, other: str, path: str) -> None:
    for part in (one, other):
        file = tree / "template" / part / path
        file.parent.mkdir(exist_ok=True)
        file.write_text("import sys\n")

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
