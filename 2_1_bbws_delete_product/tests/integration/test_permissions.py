"""The function's role allows what its code does, and nothing else.

Runs last: it looks at the calls to AWS that the function made in all the other integration tests.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.permissions import RECORD, REPOSITORY

from tests import permissions


@pytest.fixture(autouse=True)
def every_call() -> None:
    if not RECORD.whole:
        pytest.skip("needs every call that the function makes: run all of tests/integration")


def test_the_function_may_do_whatever_it_does() -> None:
    allowed = permissions.allowed()

    refused = {needed for needed in RECORD.needed if not any(permission.covers(needed) for permission in allowed)}

    assert refused == set()


def test_the_function_does_whatever_it_may_do() -> None:
    unused = {
        permission
        for permission in permissions.allowed(formerly=False)
        if not any(permission.covers(needed) for needed in RECORD.needed)
    }

    assert unused == set()


def test_each_place_in_the_code_that_calls_aws_was_reached_through_the_handler() -> None:
    unreached = permissions.calls_in_source() - RECORD.calls

    assert {f"{Path(file).relative_to(REPOSITORY)}:{line}" for file, line in unreached} == set()
