"""Which account the rehearsals are held in."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def account() -> str:
    """Return the account's id, and let no rehearsal begin in an account of AWS's own."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if not endpoint.startswith("http://localhost:"):
        pytest.exit("There is no account to rehearse in: make rehearse", returncode=pytest.ExitCode.USAGE_ERROR)
    return "000000000000"
