"""The virtual environments: for scripts, tests and checks; for MiniStack; for checkov; for what judges policies.

Imports the standard library alone: it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local import installer
from local.layout import FUNCTIONS, REPOSITORIES, ROOT, STATE
from local.locking import locked
from local.parallel import tasks_at_a_time

if TYPE_CHECKING:
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
        *(ROOT / repository / "requirements-dev.txt" for repository in REPOSITORIES),
    ),
)
MINISTACK = VirtualEnvironment(ROOT / ".venv-ministack", (ROOT / "local" / "requirements-ministack.txt",))
# Made when they are first needed.
CHECKOV = VirtualEnvironment(ROOT / ".venv-checkov", (ROOT / "local" / "requirements-checkov.txt",))
POLICY_JUDGES = VirtualEnvironment(ROOT / ".venv-policies", (ROOT / "local" / "requirements-policies.txt",))


def fingerprint(environment: VirtualEnvironment) -> str:
    """Return the SHA-256 (hex) of what an environment should be made from."""
    digest = hashlib.sha256("\n".join([sys.version, installer.base_interpreter(), str(environment.folder)]).encode())
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
        If a requirement can't be installed, with the end of what was said about it.
    """
    started = time.monotonic()
    installer.fill(environment.folder, environment.files)
    environment.stamp.write_text(fingerprint(environment), encoding="utf-8")
    return time.monotonic() - started


def are_current() -> bool:
    """Tell whether the environments that every command needs are there and up to date."""
    return is_current(WORK) and is_current(MINISTACK)


def prepare() -> None:
    """Make what every command needs and isn't there or is out of date, saying so.

    Raises
    ------
    Failure
        If a requirement can't be installed.
    """
    with locked(STATE / "setup.lock"):
        stale = [environment for environment in (WORK, MINISTACK) if not is_current(environment)]
        if stale:
            print(f"making {' and '.join(environment.folder.name for environment in stale)} …", flush=True)
            installer.fetch_uv()
        with tasks_at_a_time(len(stale) or 1) as pool:
            for environment, seconds in zip(stale, pool.map(make, stale), strict=True):
                print(f"{environment.folder.name} made in {seconds:.1f} s", flush=True)


def provide(environment: VirtualEnvironment) -> None:
    """Make an environment unless it is there and up to date.

    Raises
    ------
    Failure
        If a requirement can't be installed.
    """
    with locked(STATE / "setup.lock"):
        if not is_current(environment):
            installer.fetch_uv()
            make(environment)
