"""How scripts/build.py makes a function's package."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import build

SCRIPT = Path(build.__file__)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A function that requires nothing."""
    for path, content in {
        "src/handler.py": "def handler(event, context): return event\n",
        "src/common/__init__.py": "",
        "src/__pycache__/handler.cpython-311.pyc": "bytecode",
        "requirements.txt": "# nothing\n",
        "terraform/needs.tf": "locals {\n  source_queue_arn = null\n}\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    return tmp_path


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(repository / "scripts" / "build.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def package(repository: Path) -> bytes:
    return (repository / "build" / "function.zip").read_bytes()


def test_the_package_is_for_lambda_unless_asked_for_this_computer(repository: Path) -> None:
    assert run(repository).returncode == 0
    description = json.loads((repository / "build" / "package.json").read_text())
    assert (description["architecture"], description["python"]) == ("arm64", "3.12")

    assert run(repository, "--local").returncode == 0
    description = json.loads((repository / "build" / "package.json").read_text())
    assert description["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_package_holds_the_source_and_bytecode_made_from_it(repository: Path) -> None:
    run(repository, "--local")

    tag = sys.implementation.cache_tag
    with zipfile.ZipFile(repository / "build" / "function.zip") as archive:
        assert archive.namelist() == [
            f"__pycache__/handler.{tag}.pyc",
            "common/__init__.py",
            f"common/__pycache__/__init__.{tag}.pyc",
            "handler.py",
        ]
        archive.extractall(repository / "unpacked")
    # Bytecode that Python takes serves without its source being read.
    (repository / "unpacked" / "handler.py").write_text("handler = None\n")
    answer = subprocess.run(
        [sys.executable, "-c", "import handler; print(handler.handler(1, 2))"],
        cwd=repository / "unpacked",
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert answer == "1\n"


def test_a_package_for_another_python_holds_no_bytecode(repository: Path) -> None:
    target = build.Target("arm64", "3.0", ())

    staged = build.stage(target, repository / "staged")

    assert not target.runs_here
    assert not list(staged.rglob("*.pyc"))


def test_the_same_inputs_make_the_same_bytes(repository: Path) -> None:
    run(repository, "--local")
    first = package(repository)
    shutil.rmtree(repository / "build")
    (repository / "src" / "handler.py").touch()
    run(repository, "--local")

    assert package(repository) == first


def test_nothing_is_built_when_nothing_changed(repository: Path) -> None:
    assert "built" in run(repository).stdout
    assert "unchanged" in run(repository).stdout

    (repository / "src" / "handler.py").write_text("def handler(event, context): return None\n")

    assert "built" in run(repository).stdout


def test_a_newer_version_of_a_message_is_in_the_manifest(repository: Path) -> None:
    takes_changes(repository, "# The newest.\nSCHEMA_VERSION = 1\n")
    assert run(repository).returncode == 0
    assert messages(repository) == ({"change": 1}, {})

    takes_changes(repository, "SCHEMA_VERSION = 12\n")
    assert run(repository).returncode == 0
    assert messages(repository) == ({"change": 12}, {})


def test_what_the_function_is_given_decides_the_manifest_too(repository: Path) -> None:
    takes_changes(repository, "SCHEMA_VERSION = 1\n")
    run(repository)
    (repository / "terraform" / "needs.tf").write_text("  CHANGE_QUEUE_URL = local.infrastructure.change_queue_url\n")

    assert "built" in run(repository).stdout
    assert messages(repository) == ({}, {"change": 1})


@pytest.mark.parametrize("module", ["VERSION = 1\n", 'SCHEMA_VERSION = "1"\n', "SCHEMA_VERSION = VERSION\n", None])
def test_a_message_without_a_version_is_refused(repository: Path, module: str | None) -> None:
    takes_changes(repository, module)

    refused = run(repository)

    assert refused.returncode == 1
    assert refused.stderr == "build: src/common/change.py names no SCHEMA_VERSION, the newest version of a change\n"


def takes_changes(repository: Path, module: str | None) -> None:
    """Make a function one that the change queue invokes, with this as its module of changes."""
    needs = "  source_queue_arn = local.infrastructure.change_queue_arn\n"
    (repository / "terraform" / "needs.tf").write_text(needs)
    if module is not None:
        (repository / "src" / "common" / "change.py").write_text(module)


def messages(repository: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return what the package reads and sends."""
    description = json.loads((repository / "build" / "package.json").read_text())
    return description["reads"], description["sends"]


def test_a_package_that_is_not_what_was_built_is_built_again(repository: Path) -> None:
    run(repository)
    (repository / "build" / "function.zip").write_bytes(b"something else")

    assert "built" in run(repository).stdout


def test_a_requirement_without_an_exact_version_is_refused_by_line(repository: Path) -> None:
    (repository / "requirements.txt").write_text("# pinned:\nsix>=1.17\n")

    refused = run(repository)

    assert refused.returncode == 1
    assert "requirements.txt line 2: 'six>=1.17'" in refused.stderr
    assert not (repository / "build" / "function.zip").exists()


def test_what_a_requirement_brings_has_to_be_pinned_too() -> None:
    installed = {"python-dateutil": "2.9.0.post0", "six": "1.17.0"}

    build.require_every_pin(installed, build.pinned_requirements("python_dateutil==2.9.0.post0\nsix==1.17.0"))
    with pytest.raises(build.BuildError, match=r"add six==1\.17\.0$"):
        build.require_every_pin(installed, build.pinned_requirements("Python.DateUtil==2.9.0.post0"))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("botocore/client.py", True),
        ("botocore/data/endpoints.json", True),
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore-1.44.5.dist-info/METADATA", True),
        ("botocore-1.44.5.dist-info/RECORD", False),
        ("bin/jp.py", False),
        ("dateutil/tests/test_parser.py", False),
        ("pydantic_core/_pydantic_core.pyi", False),
    ],
)
def test_the_package_holds_what_the_function_needs(path: str, wanted: bool) -> None:
    assert build.is_wanted(PurePosixPath(path)) is wanted
