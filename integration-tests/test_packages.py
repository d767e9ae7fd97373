"""Each package holds all that its modules import: with nothing else at hand, every one of them is imported."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stack import Stack

ROOT = Path(__file__).resolve().parent.parent
REPOSITORIES = sorted(path.parent.parent for path in ROOT.glob("2_1_bbws_*/src/handler.py"))

IMPORTS = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
print(len(sys.argv) - 2)
"""


def modules(source: Path) -> list[str]:
    """Return what the modules of a function's own code are imported as."""
    files = [path.relative_to(source).with_suffix("") for path in sorted(source.rglob("*.py"))]
    return [".".join(path.parts[:-1] if path.name == "__init__" else path.parts) for path in files]


def test_there_are_seven() -> None:
    assert len(REPOSITORIES) == 7


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda path: path.name.removeprefix("2_1_bbws_"))
def test_package_imports_every_module_that_it_ships(stack: Stack, repository: Path, tmp_path: Path) -> None:
    name = repository.name.removeprefix("2_1_bbws_").replace("_", "-")
    function = stack.functions.get_function_configuration(FunctionName=f"bbws-{name}-local")
    settings = function["Environment"]["Variables"] | {"AWS_DEFAULT_REGION": "eu-west-1"}
    with zipfile.ZipFile(repository / "build" / "function.zip") as package:
        package.extractall(tmp_path)
    wanted = modules(repository / "src")

    # -I and -S: nothing is found but the standard library and what was unpacked.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORTS, str(tmp_path), *wanted],
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert int(done.stdout) == len(wanted)
