"""What is checked without running anything: style, types, Terraform's files, agreement with the template."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local import credentials, programs
from local.layout import INFRASTRUCTURE, REPOSITORIES, ROOT, STATE, run_folder, short_name
from local.repository import terraform_variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# All functions' roots consist of the same files but one.
VALIDATED = (INFRASTRUCTURE, "2_1_bbws_get_product")

FOLDERS_BESIDE = ("integration-tests", "e2e-tests", "benchmarks")


@dataclass(frozen=True)
class Check:
    """Something that is right or wrong.

    Parameters
    ----------
    name
        What is checked.
    commands
        Programs that all have to succeed, in this order.
    cwd
        The folder to run them in.
    variables
        What they need in their environment beside this process's own.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    cwd: Path = ROOT
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, log: Path) -> None:
        """Run the check.

        Raises
        ------
        Failure
            If something is wrong, with what the program says about it.
        """
        variables = {**credentials.without_accounts(), **self.variables}
        for number, command in enumerate(self.commands):
            programs.run(command, log, self.cwd, variables, append=number > 0)


def python_module(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module with the interpreter of this process."""
    return (sys.executable, "-m", *arguments)


def template_check() -> Check:
    """Return the check that every repository agrees with the template."""
    return Check("template/sync --check", ((sys.executable, "template/sync", "--check"),))


def all_checks() -> Iterator[Check]:
    """Yield every check, the template's included."""
    ruff = {"RUFF_CACHE_DIR": str(STATE / "cache" / "ruff")}
    yield Check("ruff check", (python_module("ruff", "check", "--output-format=concise", "."),), variables=ruff)
    yield Check("ruff format", (python_module("ruff", "format", "--check", "--diff", "--quiet", "."),), variables=ruff)
    yield template_check()
    for repository in REPOSITORIES:
        # Not its tests, which pass wrong types on purpose.
        yield types(short_name(repository), ROOT / repository, "src", "scripts")
    yield types("local", ROOT, "local", "template/sync")
    for name in FOLDERS_BESIDE:
        yield types(name, ROOT / name, ".")
    yield Check("terraform fmt", (("terraform", "fmt", "-check", "-diff", "-recursive"),))
    for repository in VALIDATED:
        yield validation(repository)


def types(name: str, folder: Path, *parts: str) -> Check:
    """Return the check of the types below a folder, as far as its parts are there."""
    there = [part for part in parts if (folder / part).exists()]
    return Check(
        f"mypy {name}",
        (
            python_module(
                "mypy",
                *("--config-file", str(ROOT / "pyproject.toml")),
                *("--cache-dir", str(STATE / "cache" / f"mypy-{name}")),
                *there,
            ),
        ),
        folder,
        # A repository's modules import each other by their bare names, as they do where they run.
        {"MYPYPATH": os.pathsep.join(str(folder / part) for part in ("src", "scripts") if part in there)},
    )


def validation(repository: str) -> Check:
    """Return the check that Terraform understands a root."""
    terraform = ("terraform", f"-chdir={ROOT / repository / 'terraform'}")
    return Check(
        f"terraform validate {short_name(repository)}",
        (
            (*terraform, "init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly"),
            (*terraform, "validate", "-no-color"),
        ),
        variables=terraform_variables(run_folder() / f"terraform-{short_name(repository)}"),
    )


def reformat() -> int:
    """Format the Python and the Terraform of the whole tree."""
    logs = STATE / "format"
    programs.run(python_module("ruff", "check", "--quiet", "--select", "I", "--fix", "."), logs / "imports.log", ROOT)
    programs.run(python_module("ruff", "format", "."), logs / "ruff.log", ROOT)
    programs.run(("terraform", "fmt", "-recursive"), logs / "terraform.log", ROOT)
    print(programs.tail(logs / "ruff.log", 1))
    print(programs.tail(logs / "terraform.log") or "Terraform files left unchanged")
    return 0
