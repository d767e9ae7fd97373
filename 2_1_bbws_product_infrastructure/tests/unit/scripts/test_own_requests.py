"""This repository's own scripts/smoke_test.json."""

from __future__ import annotations

import json

import smoke_test


def test_requests_of_this_repository_change_nothing() -> None:
    requests = json.loads(smoke_test.PLAN.read_text())["requests"]

    for request in requests:
        assert request["method"] in {"GET", "OPTIONS"} or request["expected"]["status"] in {400, 403, 405}
