"""Makes virtual environments and fills them: with uv, which is fetched once, or with pip where uv can't.

Imports the standard library alone: it runs before anything is installed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from typing import TYPE_CHECKING

from local import programs
from local.failure import Failure
from local.layout import ROOT, STATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REQUIREMENTS = ROOT / "local" / "requirements-uv.txt"
FOLDER = STATE / "uv"
UV = FOLDER / "bin" / "uv"
# Which uv it is; written last.
STAMP = FOLDER / ".made-from"

# pip's own options, wherever it runs.
QUIETLY = ("--quiet", "--disable-pip-version-check", "--no-input")


def base_interpreter() -> str:
    """Return the interpreter outside any virtual environment that runs this: itself, not a shim that looks for it."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def fetch_uv() -> None:
    """Fetch uv unless it is there. Where it can't be fetched, `fill` does without."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    try:
        if STAMP.read_text(encoding="utf-8") == wanted:
            return
    except OSError:
        pass
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        _run("uv", [*_pip(), "install", *QUIETLY, f"--target={FOLDER}", f"--requirement={REQUIREMENTS}"])
    except Failure as failure:
        print(f"uv can't be fetched, so that pip takes its place, which takes longer: {failure}", flush=True)
        return
    STAMP.write_text(wanted, encoding="utf-8")


def fill(folder: Path, files: Sequence[Path]) -> None:
    """Make a virtual environment anew that holds what requirements files name.

    Parameters
    ----------
    folder
        Where it is to be.
    files
        The requirements files.

    Raises
    ------
    Failure
        If that can't be installed, with the end of what was said about it.
    """
    requirements = [f"--requirement={file}" for file in files]
    if STAMP.exists():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _run(folder.name, [UV, "venv", "--quiet", f"--python={base_interpreter()}", folder])
            _run(folder.name, [UV, "pip", "install", "--quiet", f"--python={folder / 'bin' / 'python'}", *requirements])
        except Failure as failure:
            # It doesn't know pip's settings, such as another index.
            print(f"uv can't fill {folder.name}, so that pip tries: {failure}", flush=True)
        else:
            return
    pip = _environment_with_pip(folder)
    # Bytecode is made when a module is first imported: most of these never are.
    _run(folder.name, [*pip, "install", *QUIETLY, "--no-compile", *requirements])


def _pip() -> list[str]:
    """Return the command that runs pip. Debian's Python has it in virtual environments alone."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    return _environment_with_pip(STATE / "pip")


def _environment_with_pip(folder: Path) -> list[str]:
    """Make a virtual environment anew, and return the command that runs its pip."""
    if any(importlib.util.find_spec(module) is None for module in ("venv", "ensurepip")):
        raise Failure(
            f"This Python ({sys.executable}) can't make virtual environments: install its venv module.\n"
            "On Debian and Ubuntu that is the package python3-venv."
        )
    shutil.rmtree(folder, ignore_errors=True)
    _run(folder.name, [base_interpreter(), "-m", "venv", folder])
    return [str(folder / "bin" / "python"), "-m", "pip"]


def _run(name: str, command: Sequence[str | Path]) -> None:
    clean = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}}
    programs.run(command, STATE / "setup" / f"{name.removeprefix('.')}.log", ROOT, clean)
