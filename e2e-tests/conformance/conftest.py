"""Who calls, and how much was done in the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import schemathesis

pytest.register_assert_rewrite("conformance.caller")

from conformance.budget import EXAMPLES, SEED  # noqa: E402  its assertions are rewritten first
from conformance.caller import Caller  # noqa: E402
from conformance.real_things import Case, RealThings  # noqa: E402

if TYPE_CHECKING:
    from conftest import Deployment
    from product_api import ProductApi, Products

# How many answers each operation gave, and how often each check was made of them.
ANSWERS: Counter[str] = Counter()
CHECKS: Counter[str] = Counter()


@schemathesis.hook
def after_validate(
    context: schemathesis.HookContext,
    case: Case,
    response: schemathesis.Response,
    results: list[schemathesis.CheckResult],
) -> None:
    ANSWERS[case.operation.label] += 1
    CHECKS.update(result.name for result in results)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"seed {SEED}, {EXAMPLES} examples")
    if ANSWERS:
        terminalreporter.write_line(
            f"{len(ANSWERS)} operations x {len(CHECKS)} checks: "
            f"{CHECKS.total():,} checks of {ANSWERS.total():,} answers"
        )


@pytest.fixture(scope="session")
def real_things(writer: ProductApi, products: Products) -> RealThings:
    return RealThings(writer, products)


@pytest.fixture(scope="session")
def writers(deployment: Deployment, real_things: RealThings) -> Caller:
    return Caller(deployment.url, deployment.writer_key, "writer", real_things)


@pytest.fixture(scope="session")
def readers(deployment: Deployment, real_things: RealThings) -> Caller:
    if deployment.reader_key is None:
        pytest.skip("needs a reader's key: set API_KEY_READER")
    return Caller(deployment.url, deployment.reader_key, "reader", real_things)


@pytest.fixture(scope="session")
def strangers(deployment: Deployment, real_things: RealThings) -> Caller:
    return Caller(deployment.url, None, "stranger", real_things)
