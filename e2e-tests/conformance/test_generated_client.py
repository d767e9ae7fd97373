"""The document is enough to build on: a typed client is generated from it and used for one pass through the API."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conformance.contract import FILE, ROOT

if TYPE_CHECKING:
    from conftest import Deployment

WALK = Path(__file__).parent / "client_walk.py"


def run(*command: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the package ``product_client``, generated from the document."""
    folder = tmp_path_factory.mktemp("packages")
    said = run(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--meta=none", "--fail-on-warning"),
        *(f"--path={FILE}", f"--output-path={folder / 'product_client'}"),
        # It formats what it has written with ruff, which is beside this interpreter.
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    )
    assert "unable" not in said.lower(), said
    return folder


def test_program_that_uses_the_client_is_rightly_typed(packages: Path, tmp_path: Path) -> None:
    run(
        *(sys.executable, "-m", "mypy", f"--config-file={ROOT / 'pyproject.toml'}", f"--cache-dir={tmp_path}"),
        # The generated code is not checked itself.
        *("--follow-imports=silent", str(WALK)),
        MYPYPATH=str(packages),
    )


def test_product_lives_through_the_generated_client(
    packages: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(packages))
    importlib.import_module("conformance.client_walk").walk(deployment.url, deployment.writer_key)
