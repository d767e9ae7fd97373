"""What the tests of deploying a function stand on: its package, and its code as Lambda hands it out."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from moto.awslambda_simple.models import LambdaSimpleBackend
from tests.unit.scripts.conftest import package

from deployment import deployable, versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def handed_out(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Have Lambda hand out the code of its versions; what is in this list, it hands out instead."""
    instead: list[bytes] = []
    code: list[bytes] = []
    get_function = LambdaSimpleBackend.get_function

    def get(backend: Any, name: str, qualifier: str | None = None) -> Any:
        found = get_function(backend, name, qualifier)
        code[:] = [found.code_bytes]
        return found

    # moto doesn't say in an address of which version the code is: of the one asked for last.
    monkeypatch.setattr(LambdaSimpleBackend, "get_function", get)
    monkeypatch.setattr(versions, "urlopen", lambda *_, timeout: io.BytesIO((instead or code)[0]))
    return instead


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Return a function that builds a package of some code and returns its bytes; one is built already.

    What the package ``reads`` and ``sends`` can be given.
    """
    folder = tmp_path / "build"
    folder.mkdir()
    monkeypatch.setattr(deployable, "PACKAGE", folder / "function.zip")
    monkeypatch.setattr(deployable, "_ZIP", folder / "function.zip")
    monkeypatch.setattr(deployable, "_DESCRIPTION", folder / "package.json")

    def build(code: str, **messages: dict[str, int]) -> bytes:
        made = package(code)
        (folder / "function.zip").write_bytes(made)
        about = {"architecture": "arm64", "sha256": hashlib.sha256(made).hexdigest(), "reads": {}, "sends": {}}
        about |= messages
        (folder / "package.json").write_text(json.dumps(about))
        return made

    build("code 1")
    return build
