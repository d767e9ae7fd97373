"""What is measured, made ready: the functions' packages as they are deployed, and the references."""

from __future__ import annotations

import compileall
import contextlib
import io
import shutil
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import build
from local import environments, programs
from local.environments import VirtualEnvironment
from local.layout import FUNCTIONS, ROOT, STATE, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path, PurePosixPath

REFERENCES = ROOT / "benchmarks" / "references"
FOLDER = STATE / "bench"

FRAMEWORKS = ("cookbook", "fastapi", "chalice")
TRIMMED = "trimmed floor"


@dataclass(frozen=True)
class Subject:
    """Something that holds a handler.

    Parameters
    ----------
    name
        What it is called in the results.
    path
        The folders in which it finds its modules.
    """

    name: str
    path: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        """The size of all its files."""
        return sum(file.stat().st_size for folder in self.path for file in folder.rglob("*") if file.is_file())


def prepare() -> dict[str, Subject]:
    """Build every package, install every reference, and return them by name.

    Raises
    ------
    Failure
        If one can't be: without a network, for instance.
    """
    packages = {short_name(repository): _package(repository) for repository in FUNCTIONS}
    references = {name: _reference(name) for name in ("floor", *FRAMEWORKS)}
    return packages | references | {TRIMMED: _trimmed(references["floor"])}


def _package(repository: str) -> Subject:
    """Return a function's package, unpacked as Lambda unpacks it."""
    name = short_name(repository)
    log = FOLDER / "logs" / f"build-{name}.log"
    programs.run((sys.executable, "scripts/build.py", "--local"), log, ROOT / repository)
    folder = _emptied(FOLDER / "packages" / name)
    with zipfile.ZipFile(ROOT / repository / "build" / "function.zip") as package:
        package.extractall(folder)
    return Subject(name, (folder,))


def _reference(name: str) -> Subject:
    """Return a reference with its requirements as pip installs them, all compiled."""
    environment = VirtualEnvironment(FOLDER / "references" / name, (REFERENCES / name / "requirements.txt",))
    # It tells what it tries; here one line has to do, and that is the failure's.
    with contextlib.redirect_stdout(io.StringIO()):
        environments.provide(environment)
    (packages,) = environment.folder.glob("lib/python*/site-packages")
    compileall.compile_dir(packages, quiet=2)
    compileall.compile_dir(REFERENCES / name, quiet=2)
    return Subject(name, (REFERENCES / name, packages))


def _trimmed(floor: Subject) -> Subject:
    """Return the floor without what packages leave out of botocore's data."""
    handler, packages = floor.path
    folder = _emptied(FOLDER / "references" / "trimmed")
    for relative, file in _wanted(build.files_below(packages)):
        copy = folder / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    return Subject(TRIMMED, (handler, folder))


def _wanted(files: Iterable[tuple[PurePosixPath, Path]]) -> Iterator[tuple[PurePosixPath, Path]]:
    for relative, file in files:
        if not relative.is_relative_to(build.BOTOCORE_DATA) or build.is_wanted(relative):
            yield relative, file


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
