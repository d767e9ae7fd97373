"""What each repository gets of the template, by signs that stand in the repository, and whether those agree."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import imports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEMPLATE = Path(__file__).resolve().parent
ROOT = TEMPLATE.parent

# Every repository stands beside the template. All but the infrastructure's are functions'.
REPOSITORIES = "2_1_bbws_*"
INFRASTRUCTURE = "2_1_bbws_product_infrastructure"

# How a function's terraform/needs.tf says what invokes it: routes of the API, or a queue.
ROUTES = re.compile(r"^ *api_routes *= *\[(.*)\]$", re.MULTILINE)
SOURCE_QUEUE = re.compile(r"^ *source_queue_arn *= *(null|local\.\S+)$", re.MULTILINE)

COMMON = PurePosixPath("src/common")
TESTS_OF_COMMON = PurePosixPath("tests/unit/common")
DEPLOYMENT = PurePosixPath("scripts/deployment")
OPERATIONS = PurePosixPath("scripts/operations")
TESTS_OF_SCRIPTS = PurePosixPath("tests/unit/scripts")
WHOLLY_SHARED = (COMMON, TESTS_OF_COMMON, DEPLOYMENT, OPERATIONS, TESTS_OF_SCRIPTS)
# Where the infrastructure, which has no package, says for itself what a deployment deploys, and tests its own scripts.
ITS_OWN = (DEPLOYMENT / "deployable.py", TESTS_OF_SCRIPTS / "infrastructure")

# A module's name where it isn't its distribution's.
DISTRIBUTIONS = {"dateutil": "python-dateutil"}

# What tools leave behind wherever they run; git ignores these too.
LEFTOVERS = frozenset(
    {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".terraform", ".venv", ".DS_Store"}
)


class TemplateError(Exception):
    """The template or a repository contradicts itself."""


def repositories() -> list[Path]:
    """Return the folder of every repository."""
    return sorted(path for path in ROOT.glob(REPOSITORIES) if path.is_dir())


def named(path: Path) -> str:
    """Return what a file of the tree is called in messages."""
    return path.relative_to(ROOT).as_posix()


def files_below(folder: Path) -> Iterator[PurePosixPath]:
    """Yield the relative path of every file below a folder, in order, without what tools leave behind."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and path.suffix != ".pyc" and LEFTOVERS.isdisjoint(relative.parts):
            yield PurePosixPath(relative.as_posix())


def parts_for(repository: Path) -> Iterator[str]:
    """Yield the folders of the template that go into one repository.

    Raises
    ------
    TemplateError
        If its ``terraform/needs.tf`` can't be read, or doesn't name exactly one thing that invokes the function.
    """
    yield "repository"
    if repository.name == INFRASTRUCTURE:
        return
    yield "function"
    needs = repository / "terraform" / "needs.tf"
    try:
        text = needs.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{named(needs)} can't be read: {getattr(error, 'strerror', error)}") from None
    routes, queue = ROUTES.search(text), SOURCE_QUEUE.search(text)
    if routes is None or queue is None:
        raise TemplateError(f"{named(needs)} doesn't say what {'source_queue_arn' if routes else 'api_routes'} is")
    has_routes, has_queue = routes[1].strip() != "", queue[1] != "null"
    if has_routes == has_queue:
        found = "both api_routes and a source queue" if has_queue else "neither api_routes nor a source queue"
        raise TemplateError(f"{named(needs)} names {found}: a function answers requests or takes messages")
    if has_queue:
        yield "queue_function"


def shared_files(repository: Path) -> dict[PurePosixPath, Path]:
    """Map each shared path of a repository to its original.

    Raises
    ------
    TemplateError
        If two originals claim the same path, or the repository contradicts itself.
    """
    originals: dict[PurePosixPath, Path] = {}
    claims: dict[PurePosixPath, str] = {}
    for part in parts_for(repository):
        for path in files_below(TEMPLATE / part):
            if path in claims:
                raise TemplateError(f"{path} is both in template/{claims[path]} and in template/{part}")
            claims[path] = part
            originals[path] = TEMPLATE / part / path
    try:
        code = Code(repository, originals)
        shared = {path: original for path, original in originals.items() if code.wants(path)}
        code.check()
        code.check_tests(shared)
    except SyntaxError as error:
        where = f"{named(Path(str(error.filename)))} line {error.lineno}"
        raise TemplateError(f"{where} is no Python: {error.msg}") from None
    return shared


class Code:
    """The Python that a repository runs: its own, and what the template offers it.

    Parameters
    ----------
    repository
        Its folder.
    originals
        The template's file of each shared path, with all of ``src/common``.
    """

    def __init__(self, repository: Path, originals: dict[PurePosixPath, Path]) -> None:
        self._repository = repository
        own = {path: repository / path for path in files_below(repository) if not is_wholly_shared(path)}
        files = {
            path: file
            for path, file in {**own, **originals}.items()
            if path.suffix == ".py" and path.parts[0] in ("src", "scripts")
        }
        self._files = files
        # The scripts find the function's own modules as well; the function finds none of the scripts'.
        self._modules = {_module(path): file for path, file in files.items()}
        starts = [file for path, file in files.items() if _is_start(path)]
        self._imported = imports.closure(starts, self._modules)

    def wants(self, path: PurePosixPath) -> bool:
        """Tell whether the repository gets a shared path: of ``src/common`` what its code imports, with the tests."""
        if COMMON in path.parents and path.suffix == ".py":
            return _module(path) in self._imported or path.stem == "__init__"
        if TESTS_OF_COMMON in path.parents and path.name.startswith("test_"):
            return f"common.{path.stem.removeprefix('test_')}" in self._imported
        return True

    def check(self) -> None:
        """Look for what nobody imports, for scripts that are no commands, and for packages that aren't required.

        Raises
        ------
        TemplateError
            If there is one.
        """
        for path, file in self._files.items():
            if _is_start(path):
                if path.parts[0] == "scripts" and "__main__" not in file.read_text(encoding="utf-8"):
                    raise TemplateError(f"{named(file)} is no command: modules are in a folder below scripts/")
            elif COMMON not in path.parents and path.stem != "__init__" and _module(path) not in self._imported:
                raise TemplateError(f"{named(file)} is imported by nothing in {self._repository.name}")
        if self._repository.name != INFRASTRUCTURE:
            self._check_requirements()

    def check_tests(self, shared: Mapping[PurePosixPath, Path]) -> None:
        """Look for a shared test that imports a module which the repository doesn't get.

        Raises
        ------
        TemplateError
            If there is one.
        """
        missing = {name for name in self._modules if name.startswith("common.")} - self._imported
        for path, original in shared.items():
            if path.parts[0] == "tests" and path.suffix == ".py":
                for name in sorted(missing & imports.imports_of(original).names):
                    raise TemplateError(f"{named(original)} imports {name}, which {self._repository.name} doesn't get")

    def _check_requirements(self) -> None:
        requirements = self._repository / "requirements.txt"
        try:
            lines = requirements.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(f"{named(requirements)} can't be read: {getattr(error, 'strerror', error)}") from None
        required = {_normal(line.partition("==")[0]) for line in lines}
        shipped = [file for path, file in self._files.items() if path.parts[0] == "src" and self.wants(path)]
        for file in shipped:
            for name in sorted(imports.distributions([file], (module.partition(".")[0] for module in self._modules))):
                if _normal(DISTRIBUTIONS.get(name, name)) not in required:
                    raise TemplateError(f"{named(file)} imports {name}, which {named(requirements)} doesn't name")


def check_use(shared: Mapping[Path, Mapping[PurePosixPath, Path]]) -> None:
    """Look for a module of ``src/common`` that fewer than two repositories get, and for a test that tests none.

    Parameters
    ----------
    shared
        For each repository its `shared_files`.

    Raises
    ------
    TemplateError
        If there is one.
    """
    holders: Counter[Path] = Counter(original for originals in shared.values() for original in originals.values())
    for folder in (COMMON, TESTS_OF_COMMON):
        for path in files_below(TEMPLATE / "function" / folder):
            original = TEMPLATE / "function" / folder / path
            if holders[original] == 0 and folder == TESTS_OF_COMMON:
                raise TemplateError(f"{named(original)} tests no module that a function imports")
            if holders[original] == 0:
                raise TemplateError(f"{named(original)} is imported by no function")
            if holders[original] == 1:
                raise TemplateError(f"{named(original)} is imported by one function alone, and belongs into its src/")


def is_wholly_shared(path: PurePosixPath) -> bool:
    """Tell whether a path of a repository is where nothing but copies may be."""
    above = {path, *path.parents}
    return any(shared in path.parents for shared in WHOLLY_SHARED) and above.isdisjoint(ITS_OWN)


def _is_start(path: PurePosixPath) -> bool:
    """Tell whether a path is what is started: the function's handler, or a command."""
    return path == PurePosixPath("src/handler.py") or (len(path.parts) == 2 and path.parts[0] == "scripts")


def _module(path: PurePosixPath) -> str:
    """Return what a file in ``src/`` or ``scripts/`` is imported as."""
    parts = path.with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _normal(name: str) -> str:
    return name.strip().lower().replace("_", "-")
