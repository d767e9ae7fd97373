"""Which modules some Python files import, directly and through each other: read, not run."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Imports:
    """What one file imports.

    Attributes
    ----------
    names : frozenset of str
        Dotted names: of ``from common import text`` both ``common`` and ``common.text``, which may be no module.
    when_run : frozenset of str
        Those of them that aren't for type checkers alone.
    """

    names: frozenset[str]
    when_run: frozenset[str]


@cache
def imports_of(file: Path) -> Imports:
    """Return what a file imports.

    Raises
    ------
    SyntaxError
        It is no Python.
    """
    tree = ast.parse(file.read_bytes(), str(file))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    found = [(name, id(node) not in for_types) for node in ast.walk(tree) for name in _names(node)]
    return Imports(frozenset(name for name, _ in found), frozenset(name for name, runs in found if runs))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def closure(files: Iterable[Path], modules: Mapping[str, Path]) -> set[str]:
    """Return which of some modules the files import, those included that the modules import in turn.

    Parameters
    ----------
    modules
        The file of each, by dotted name.
    """
    reached: set[str] = set()
    ahead = list(files)
    while ahead:
        new = (imports_of(ahead.pop()).names & modules.keys()) - reached
        reached |= new
        ahead += [modules[name] for name in new]
    return reached


def distributions(files: Iterable[Path], own: Iterable[str]) -> set[str]:
    """Return what has to be installed for some files to run: top-level names beside Python's own and those given."""
    names = {name.partition(".")[0] for file in files for name in imports_of(file).when_run}
    return names - sys.stdlib_module_names - {name.partition(".")[0] for name in own}
