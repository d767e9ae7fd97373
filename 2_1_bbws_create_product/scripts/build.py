#!/usr/bin/env python3
"""Build this function's package, ``build/function.zip``, from ``src/`` and ``requirements.txt``.

    python scripts/build.py            for Lambda: Python 3.12 on arm64
    python scripts/build.py --local    for the interpreter and processor that run this script

The same inputs make the same bytes. ``build/package.json`` says what the package is for, and up to which version of
each kind of message it reads and sends; a build whose inputs didn't change does nothing.

Where the interpreter that builds has the version of the one that runs, the package holds bytecode beside the sources:
Lambda can't write any, and compiling them takes almost half of a cold start.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import fcntl
import hashlib
import json
import platform
import py_compile
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY / "src"
REQUIREMENTS = REPOSITORY / "requirements.txt"
NEEDS = REPOSITORY / "terraform" / "needs.tf"
BUILD = REPOSITORY / "build"

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# Lambda's python3.12 runs on Amazon Linux 2023, whose glibc is 2.34: wheels for that and for anything older run there.
LAMBDA_PYTHON = "3.12"
LAMBDA_PLATFORMS = (
    "manylinux_2_34_aarch64",
    "manylinux_2_28_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
)

# botocore describes every AWS service in a folder of its own and lists them all when it makes a client.
BOTOCORE_DATA = PurePosixPath("botocore/data")
BOTOCORE_SERVICES = frozenset({"dynamodb", "s3", "sqs"})

# Most of Powertools is for other ways to write a function. The functions take its logger, which needs these beside it.
POWERTOOLS = PurePosixPath("aws_lambda_powertools")
POWERTOOLS_UTILITIES = frozenset({"__init__.py", "jmespath_utils", "typing"})

UNUSED_FOLDERS = frozenset({"tests"})
UNUSED_SUFFIXES = frozenset({".pyi"})
# They record how pip went about it and differ from one installation to the next.
INSTALLATION_NOTES = frozenset({"INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json"})

UNFINISHED = ".unfinished-"

# Where Lambda unpacks the package: bytecode names its source, and must name it alike wherever it is made.
UNPACKED = "/var/task"

# The earliest time that a zip can hold.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)

PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+_-]+)")


class BuildError(Exception):
    """The package can't be built; the message says what to change."""


@dataclass(frozen=True)
class Target:
    """What a package runs on.

    Parameters
    ----------
    architecture
        ``arm64`` or ``x86_64``, as Lambda calls them.
    python
        Major and minor version, such as ``3.12``.
    pip_options
        What makes pip choose wheels for it.
    """

    architecture: str
    python: str
    pip_options: tuple[str, ...]

    @property
    def runs_here(self) -> bool:
        """Whether this interpreter's bytecode is its own."""
        return self.python == THIS_PYTHON


@dataclass(frozen=True)
class Kind:
    """A kind of message that functions send each other.

    Attributes
    ----------
    name : str
        What it is called in the manifest.
    queue : str
        The queue that carries it, as terraform/needs.tf names it.
    module, constant : str
        Where the sources have its newest version.
    """

    name: str
    queue: str
    module: str
    constant: str


KINDS = (
    Kind("change", "change", "common/change.py", "SCHEMA_VERSION"),
    Kind("record", "audit", "common/change_record.py", "RECORD_VERSION"),
)


def lambda_target() -> Target:
    """Return what Lambda runs."""
    platforms = [option for name in LAMBDA_PLATFORMS for option in ("--platform", name)]
    return Target("arm64", LAMBDA_PYTHON, ("--implementation", "cp", "--python-version", LAMBDA_PYTHON, *platforms))


def local_target() -> Target:
    """Return what this interpreter runs on."""
    machine = platform.machine().lower()
    architecture = {"aarch64": "arm64", "amd64": "x86_64"}.get(machine, machine)
    return Target(architecture, THIS_PYTHON, ())


def canonical_name(name: str) -> str:
    """Return a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned_requirements(text: str) -> dict[str, str]:
    """Read a requirements file in which each line pins one distribution.

    Returns
    -------
    dict of str to str
        The version of each, by canonical name.

    Raises
    ------
    BuildError
        If a line is anything else than ``name==version``.
    """
    pins: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        requirement = line.partition("#")[0].strip()
        if not requirement:
            continue
        match = PINNED.fullmatch(requirement)
        if match is None:
            raise BuildError(f"requirements.txt line {number}: {requirement!r} is not pinned as name==version")
        pins[canonical_name(match["name"])] = match["version"]
    return pins


def installed_distributions(folder: Path) -> dict[str, str]:
    """Return the version of every distribution installed in a folder, by canonical name."""
    distributions: dict[str, str] = {}
    for metadata in folder.glob("*.dist-info/METADATA"):
        headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        distributions[canonical_name(headers["Name"])] = headers["Version"]
    return distributions


def require_every_pin(installed: Mapping[str, str], pins: Mapping[str, str]) -> None:
    """Refuse packages that nobody pinned.

    Raises
    ------
    BuildError
        Naming the lines that requirements.txt lacks.
    """
    missing = [f"{name}=={version}" for name, version in sorted(installed.items()) if name not in pins]
    if missing:
        raise BuildError(f"requirements.txt doesn't pin everything that it brings; add {', '.join(missing)}")


def is_wanted(path: PurePosixPath) -> bool:
    """Tell whether the function needs an installed file, given its path inside the package."""
    if path.suffix in UNUSED_SUFFIXES or not UNUSED_FOLDERS.isdisjoint(path.parts[:-1]):
        return False
    if path.parts[0] == "bin":
        return False
    if path.parts[0].endswith(".dist-info"):
        return path.name not in INSTALLATION_NOTES
    if path.is_relative_to(BOTOCORE_DATA):
        below = path.relative_to(BOTOCORE_DATA).parts
        return len(below) == 1 or below[0] in BOTOCORE_SERVICES
    if path.is_relative_to(POWERTOOLS / "utilities"):
        return path.relative_to(POWERTOOLS / "utilities").parts[0] in POWERTOOLS_UTILITIES
    return not path.is_relative_to(POWERTOOLS / "event_handler")


def files_below(folder: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    """Yield relative path and file for everything below a folder, except what is hidden."""
    for path in folder.rglob("*"):
        relative = PurePosixPath(path.relative_to(folder).as_posix())
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not hidden:
            yield relative, path


def source_files() -> Iterator[tuple[PurePosixPath, Path]]:
    """Yield relative path and file of the function's own sources, without the bytecode that running them left."""
    return ((relative, path) for relative, path in files_below(SOURCE) if path.suffix != ".pyc")


def messages() -> dict[str, dict[str, int]]:
    """Return up to which version the function ``reads`` and ``sends`` each kind of message.

    It sends what it is given the queue's address for, and reads what invokes it.

    Raises
    ------
    BuildError
        If the version of one can't be found.
    """
    if not NEEDS.is_file():
        raise BuildError("terraform/needs.tf is missing")
    needs = NEEDS.read_text(encoding="utf-8")
    signs = {"reads": r"source_queue_arn *= *local\.infrastructure\.{}_queue_arn\b", "sends": r"\b{}_queue_url\b"}
    return {
        verb: {kind.name: newest_version(kind) for kind in KINDS if re.search(sign.format(kind.queue), needs)}
        for verb, sign in signs.items()
    }


def newest_version(kind: Kind) -> int:
    """Return the newest version of a kind of message that the sources know; they are read, not run.

    Raises
    ------
    BuildError
        If they name none.
    """
    module = SOURCE / kind.module
    statements = ast.parse(module.read_bytes()).body if module.is_file() else []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=kind.constant)], value=ast.Constant(value=int(version))):
                return version
    raise BuildError(f"src/{kind.module} names no {kind.constant}, the newest version of a {kind.name}")


def fingerprint(target: Target, requirements: str, about: Mapping[str, object]) -> str:
    """Return the SHA-256 (hex) of everything that decides the package's bytes and what is said of them."""
    digest = hashlib.sha256()
    parts = [repr(target).encode(), str(target.runs_here).encode(), requirements.encode(), repr(about).encode()]
    parts.append(Path(__file__).read_bytes())
    for relative, path in sorted(source_files()):
        parts += [str(relative).encode(), path.read_bytes()]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def install(target: Target, requirements: str) -> Path:
    """Return a folder holding the wanted files of every requirement, installing them if no earlier build did.

    Raises
    ------
    BuildError
        If pip fails, or installs something that isn't pinned.
    """
    pins = pinned_requirements(requirements)
    # What is wanted of them is said here, too.
    parts = repr((target, target.runs_here, sorted(pins.items()))).encode() + Path(__file__).read_bytes()
    installed = BUILD / f"packages-{hashlib.sha256(parts).hexdigest()[:16]}"
    if installed.is_dir():
        return installed
    with tempfile.TemporaryDirectory(dir=BUILD, prefix=UNFINISHED) as name:
        folder = Path(name) / "packages"
        folder.mkdir()
        if pins:
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
            command += ["--no-compile", "--only-binary", ":all:", *target.pip_options]
            command += ["--target", str(folder), "--requirement", str(REQUIREMENTS)]
            if subprocess.run(command, check=False).returncode != 0:
                raise BuildError("pip could not install requirements.txt; what it said is above")
            require_every_pin(installed_distributions(folder), pins)
        for relative, path in list(files_below(folder)):
            if not is_wanted(relative):
                path.unlink()
        if target.runs_here:
            add_bytecode(folder)
        for stale in BUILD.glob("packages-*"):
            shutil.rmtree(stale)
        folder.rename(installed)
    return installed


def stage(target: Target, folder: Path) -> Path:
    """Return a copy of the sources, with bytecode where the target can use it."""
    for relative, path in source_files():
        copy = folder / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if target.runs_here:
        add_bytecode(folder)
    return folder


def add_bytecode(folder: Path) -> None:
    """Compile every module below a folder; what Python itself can't compile stays as it is.

    The bytecode is never checked against its source, because nothing changes a package after it is built.
    """
    compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=folder,
        prependdir=UNPACKED,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def contents(packages: Path, sources: Path) -> dict[PurePosixPath, Path]:
    """Map each path in the package to its file.

    Raises
    ------
    BuildError
        If a file of this repository would hide one of a requirement.
    """
    files = dict(files_below(packages))
    for relative, path in files_below(sources):
        if relative in files:
            raise BuildError(f"src/{relative} has the name of a file in a required package")
        files[relative] = path
    return files


def write_package(files: Mapping[PurePosixPath, Path], package: Path) -> None:
    """Write the files as a zip whose bytes depend on their paths and contents alone."""
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for relative, path in sorted(files.items()):
            entry = zipfile.ZipInfo(str(relative), TIMESTAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, path.read_bytes())


def is_current(package: Path, description: Path, wanted: str) -> bool:
    """Tell whether an earlier build made this package from the same inputs."""
    try:
        built = json.loads(description.read_text(encoding="utf-8"))
        return bool(built["fingerprint"] == wanted and built["sha256"] == sha256(package))
    except (OSError, ValueError, KeyError):
        return False


def replace(path: Path, temporary: Path) -> None:
    """Put a finished file in its place in one step, so that no reader sees half of it."""
    temporary.chmod(0o644)
    temporary.replace(path)


@contextmanager
def sole_build() -> Iterator[None]:
    """Wait until no other build of this repository runs, then sweep up what a killed one left."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for unfinished in BUILD.glob(f"{UNFINISHED}*"):
            shutil.rmtree(unfinished)
        yield


def build(target: Target) -> bool:
    """Build the package for a target.

    Returns
    -------
    bool
        False if nothing had changed.

    Raises
    ------
    BuildError
        If it can't be built.
    """
    package, description = BUILD / "function.zip", BUILD / "package.json"
    if not (SOURCE / "handler.py").is_file():
        raise BuildError("src/handler.py is missing")
    if not REQUIREMENTS.is_file():
        raise BuildError("requirements.txt is missing")
    requirements = REQUIREMENTS.read_text(encoding="utf-8")
    known = messages()
    wanted = fingerprint(target, requirements, known)
    if is_current(package, description, wanted):
        return False
    packages = install(target, requirements)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix=UNFINISHED) as name:
        made, described = Path(name) / "function.zip", Path(name) / "package.json"
        write_package(contents(packages, stage(target, Path(name) / "src")), made)
        about = {
            "architecture": target.architecture,
            "fingerprint": wanted,
            "python": target.python,
            "sha256": sha256(made),
            **known,
        }
        described.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        replace(package, made)
        replace(description, described)
    return True


def main() -> int:
    """Build as the command line says, print what came of it, and return the exit status."""
    parser = argparse.ArgumentParser(description="Build this function's package, build/function.zip.")
    parser.add_argument("--local", action="store_true", help="for this computer instead of Lambda")
    target = local_target() if parser.parse_args().local else lambda_target()
    try:
        with sole_build():
            built = build(target)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    size = (BUILD / "function.zip").stat().st_size
    state = "built" if built else "unchanged"
    bytecode = "" if target.runs_here else f", without bytecode: only Python {target.python} can make it"
    print(f"build/function.zip {state}: Python {target.python}, {target.architecture}, {size / 1e6:.1f} MB{bytecode}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
