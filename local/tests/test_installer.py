"""Virtual environments hold what their requirements files name, whichever installer there is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from local import installer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.txt"
    file.write_text("six==1.17.0\n")
    return file


def holds_six(environment: Path) -> bool:
    done = subprocess.run([environment / "bin" / "python", "-c", "import six"], check=False, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def test_environment_is_made_anew_with_what_its_files_name(tmp_path: Path, requirements: Path) -> None:
    installer.fetch_uv()
    environment = tmp_path / "environment"
    environment.mkdir()
    (environment / "left").touch()

    installer.fill(environment, [requirements])

    assert holds_six(environment)
    assert not (environment / "left").exists()


def test_what_uv_can_not_fill_pip_fills_and_that_is_told(
    tmp_path: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installer.fetch_uv()
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_NO_CACHE", "1")

    installer.fill(tmp_path / "environment", [requirements])

    assert holds_six(tmp_path / "environment")
    assert capsys.readouterr().out.startswith("uv can't fill environment, so that pip tries: uv pip install")
