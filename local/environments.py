"""The virtual environments: one for scripts, tests and checks, one for MiniStack alone, and one for checkov.

Imports the standard library alone: it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.failure import Failure
from local.layout import FUNCTIONS, ROOT, STATE
from local.locking import locked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment in the root folder and the requirements files that fill it.

    Parameters
    ----------
    folder
        Where it is.
    files
        The requirements files.
    """

    folder: Path
    files: tuple[Path, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Holds the fingerprint of what it was made from; written last."""
        return self.folder / ".made-from"


WORK = VirtualEnvironment(
    ROOT / ".venv",
    (
        ROOT / "local" / "requirements.txt",
        *(ROOT / repository / "requirements.txt" for repository in FUNCTIONS),
        *(ROOT / repository / "requirements-dev.txt" for repository in FUNCTIONS),
    ),
)
MINISTACK = VirtualEnvironment(ROOT / ".venv-ministack", (ROOT / "local" / "requirements-ministack.txt",))
# Made when it is first needed.
CHECKOV = VirtualEnvironment(ROOT / ".venv-checkov", (ROOT / "local" / "requirements-checkov.txt",))


def base_interpreter() -> str:
    """Return the interpreter outside any virtual environment that runs this."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def fingerprint(environment: VirtualEnvironment) -> str:
    """Return the SHA-256 (hex) of what an environment should be made from."""
    digest = hashlib.sha256("\n".join([sys.version, base_interpreter(), str(environment.folder)]).encode())
    for file in environment.files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_current(environment: VirtualEnvironment) -> bool:
    """Tell whether an environment is there and made from what it should be made from."""
    try:
        made_from = environment.stamp.read_text(encoding="utf-8")
    except OSError:
        return False
    return environment.python.exists() and made_from == fingerprint(environment)


def make(environment: VirtualEnvironment) -> float:
    """Make a virtual environment anew.

    Returns
    -------
    float
        Seconds that it took.

    Raises
    ------
    Failure
        If pip can't install a requirement, with the end of what it said.
    """
    started = time.monotonic()
    shutil.rmtree(environment.folder, ignore_errors=True)
    _run([base_interpreter(), "-m", "venv", str(environment.folder)])
    # Bytecode is made when a module is first imported: most of these never are.
    pip = [str(environment.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "--no-compile", *(f"--requirement={file}" for file in environment.files)])
    environment.stamp.write_text(fingerprint(environment), encoding="utf-8")
    return time.monotonic() - started


def prepare() -> None:
    """Make whatever environment isn't there or is out of date, saying so.

    Raises
    ------
    Failure
        If this Python can't make virtual environments, or pip fails.
    """
    if all(map(is_current, (WORK, MINISTACK))):
        return
    if any(importlib.util.find_spec(module) is None for module in ("venv", "ensurepip")):
        raise Failure(
            f"This Python ({sys.executable}) can't make virtual environments: install its venv module.\n"
            "On Debian and Ubuntu that is the package python3-venv."
        )
    with locked(STATE / "setup.lock"):
        stale = [environment for environment in (WORK, MINISTACK) if not is_current(environment)]
        for environment in stale:
            print(f"making {environment.folder.name} …", flush=True)
        with ThreadPoolExecutor() as pool:
            for environment, seconds in zip(stale, pool.map(make, stale), strict=True):
                print(f"{environment.folder.name} made in {seconds:.1f} s", flush=True)


def provide(environment: VirtualEnvironment) -> None:
    """Make an environment unless it is there and up to date.

    Raises
    ------
    Failure
        If pip fails.
    """
    with locked(STATE / "setup.lock"):
        if not is_current(environment):
            make(environment)


def _run(command: Sequence[str]) -> None:
    """Run a command silently; a failure shows the end of what it printed."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean,
    )
    if done.returncode != 0:
        raise Failure(f"failed: {' '.join(command)}", "\n".join(done.stdout.splitlines()[-30:]))
