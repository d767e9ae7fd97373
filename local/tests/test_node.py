from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from local import node, programs
from local.failure import Failure

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES, LOCK = (json.loads(file.read_text(encoding="utf-8")) for file in node.FILES)


def test_packages_are_pinned_exactly() -> None:
    versions = PACKAGES["devDependencies"].values()

    assert versions
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_lock_holds_the_packages_and_their_checksums_but_no_address() -> None:
    locked = {name: package for name, package in LOCK["packages"].items() if name}

    assert LOCK["packages"][""]["devDependencies"] == PACKAGES["devDependencies"]
    assert {f"node_modules/{name}" for name in PACKAGES["devDependencies"]} <= locked.keys()
    assert all(package["integrity"].startswith("sha512-") for package in locked.values())
    assert "resolved" not in node.FILES[1].read_text(encoding="utf-8")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(node, "STATE", tmp_path)
    monkeypatch.setattr(node, "FOLDER", tmp_path / "node")
    monkeypatch.setattr(node, "STAMP", tmp_path / "node" / ".made-from")
    return tmp_path


def test_packages_are_installed_once(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "run", lambda *arguments: 0)

    assert [node.prepare(), node.prepare()] == ["installed", "are there"]
    assert (state / "node" / "package-lock.json").read_bytes() == node.FILES[1].read_bytes()


def test_packages_are_installed_again_after_a_failure(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> int:
        raise Failure("npm failed")

    monkeypatch.setattr(programs, "run", fail)
    with pytest.raises(Failure, match="npm failed"):
        node.prepare()
    monkeypatch.setattr(programs, "run", lambda *arguments: 0)

    assert node.prepare() == "installed"
