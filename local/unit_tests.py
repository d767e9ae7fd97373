"""Which of the repositories' unit tests run where, so that what they share is tested once.

A repository's own ``make test`` always runs all of its tests. Here, where the check of the template shows that copies
are copies, each of the tests of shared code runs in one of the repositories that hold it. Those whose package holds no
pydantic run without it: they hold what has to work so.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from local.layout import FUNCTIONS, INFRASTRUCTURE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

# What tests shared code and nothing of the repository's own; the other shared tests are about each function.
SHARED = (
    "tests/unit/common/test_*.py",
    "tests/unit/scripts/test_*.py",
    "tests/unit/scripts/function/test_*.py",
    "tests/unit/test_replay_dlq.py",
)
# What is about the repository's own files, wherever it is.
OWN = "test_own_"

# Who is asked first to run a shared test: the infrastructure, which measures the coverage of all scripts, those
# without pydantic, which finish first, then the lightest of the others.
HOLDERS = (
    INFRASTRUCTURE,
    "2_1_bbws_delete_product",
    "2_1_bbws_get_product",
    "2_1_bbws_list_products",
    "2_1_bbws_update_product",
    "2_1_bbws_create_product",
    "2_1_bbws_audit_logger",
    "2_1_bbws_product_creator",
)
# The tests of functions' scripts are many, and need no function's code.
FUNCTION_SCRIPTS = "2_1_bbws_update_product"

_WITHOUT_PYDANTIC = "import sys; sys.modules['pydantic'] = None; import pytest; sys.exit(pytest.main())"
_COVERAGE = ROOT / "local" / "coverage.toml"


def shared_tests(repository: str) -> set[str]:
    """Return the paths in a repository of the tests of shared code."""
    folder = ROOT / repository
    tests = (path for pattern in SHARED for path in folder.glob(pattern) if not path.name.startswith(OWN))
    return {path.relative_to(folder).as_posix() for path in tests}


def assigned() -> dict[str, set[str]]:
    """Return which tests of shared code run in which repository: each in one."""
    where: dict[str, set[str]] = {repository: set() for repository in HOLDERS}
    for repository in HOLDERS:
        for test in shared_tests(repository):
            home = FUNCTION_SCRIPTS if test.startswith("tests/unit/scripts/function/") else repository
            if not any(test in tests for tests in where.values()):
                where[home].add(test)
    return where


def needs_pydantic(repository: str) -> bool:
    """Tell whether a repository's package, if it has one, holds pydantic."""
    requirements = ROOT / repository / "requirements.txt"
    return requirements.exists() and "\npydantic==" in requirements.read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield for each repository the command that runs its own tests, and those of shared code it has."""
    where = assigned()
    # Those that take longest come first.
    for repository in (INFRASTRUCTURE, *sorted(FUNCTIONS, key=HOLDERS.index, reverse=True)):
        start = ("-m", "pytest") if needs_pydantic(repository) else ("-c", _WITHOUT_PYDANTIC)
        elsewhere = sorted(shared_tests(repository) - where[repository])
        yield repository, (sys.executable, *start, *(f"--ignore={test}" for test in elsewhere))


def variables() -> dict[str, str]:
    """Return what the runs need in their environment: coverage is that of the repository's own modules."""
    return {"COVERAGE_RCFILE": str(_COVERAGE)}
