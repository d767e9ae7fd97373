"""How scripts/build.py makes a function's package."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import aws_lambda_powertools
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


def test_what_a_build_with_other_rules_installed_is_not_taken(repository: Path) -> None:
    run(repository)
    (installed,) = (repository / "build").glob("packages-*")
    (installed / "no_longer_wanted.py").touch()
    with (repository / "scripts" / "build.py").open("a") as script:
        script.write("# Other rules.\n")
    run(repository)

    with zipfile.ZipFile(repository / "build" / "function.zip") as archive:
        assert "no_longer_wanted.py" not in archive.namelist()


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
        ("aws_lambda_powertools/logging/logger.py", True),
        ("aws_lambda_powertools/utilities/typing/lambda_context.py", True),
        ("aws_lambda_powertools/utilities/parser/parser.py", False),
        ("aws_lambda_powertools/event_handler/api_gateway.py", False),
        ("dateutil/tests/test_parser.py", False),
        ("pydantic_core/_pydantic_core.pyi", False),
    ],
)
def test_the_package_holds_what_the_function_needs(path: str, wanted: bool) -> None:
    assert build.is_wanted(PurePosixPath(path)) is wanted


USE = """
import importlib, json, sys
sys.path[:0] = sys.argv[1:3]
for name in sys.argv[3:]:
    importlib.import_module(name)
from aws_lambda_powertools.logging import Logger
import aws_lambda_powertools
assert aws_lambda_powertools.__file__.startswith(sys.argv[1])
logger = Logger(service="under-test", utc=True, use_rfc3339=True, environment="local")
with logger.append_context_keys(request_id="r-1"):
    logger.info("said", extra={"number": 7})
try:
    raise ValueError("wrong")
except ValueError:
    logger.exception("failed")
logger.thread_safe_append_keys(change_id="c-1")
logger.warning("warned")
logger.thread_safe_clear_keys()
"""


def test_what_the_package_holds_of_powertools_needs_nothing_of_what_it_leaves_out(tmp_path: Path) -> None:
    installed = Path(aws_lambda_powertools.__file__).parent.parent
    modules = []
    for file in sorted(installed.glob("aws_lambda_powertools/**/*.py")):
        relative = file.relative_to(installed)
        if build.is_wanted(PurePosixPath(relative.as_posix())):
            (tmp_path / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, tmp_path / relative)
            modules.append(".".join(relative.with_suffix("").parts).removesuffix(".__init__"))

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", USE, str(tmp_path), str(installed), *modules],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.stderr == ""
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["message"] for line in said] == ["said", "failed", "warned"]
    assert (said[0]["request_id"], said[0]["number"], said[1]["exception_name"]) == ("r-1", 7, "ValueError")
    assert said[2]["change_id"] == "c-1"
