"""Writes whose callers wait for what becomes of them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError

from common.api import Request
from common.awaited import applied
from common.errors import IdempotencyKeyReused, NameTaken, VersionMismatch

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
CHANGE = {"productId": PRODUCT_ID, "changeId": "6b1f3c9a-0d5e-4e72-b8f4-a27c915d60e3"}
PRODUCT = {"productId": PRODUCT_ID, "name": "WordPress Starter", "version": 4}


@pytest.fixture
def ask(api_event, table, clock):
    """Return a function that gives what a request with some headers is told of the change."""

    def answer(prefer="wait=5", **headers):
        sent = {"Prefer": prefer, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return applied(Request.from_event(api_event("PUT", PRODUCT_ID, headers=sent)), table, CHANGE)

    return answer


def test_who_does_not_wait_is_told_nothing(ask, decide, clock):
    decide(CHANGE, after=PRODUCT)

    assert ask(None) is None
    assert clock.pauses == []


@pytest.mark.parametrize(("prefer", "said"), [("wait=5", "wait=5"), ("wait=0", "wait=0"), ("wait=99", "wait=10")])
def test_who_waits_is_told_what_the_change_made_of_the_product(ask, decide, prefer, said):
    decide(CHANGE, after=PRODUCT)

    told = ask(prefer)

    assert told.product == PRODUCT
    assert told.headers == {"Preference-Applied": said, "X-Change-Id": CHANGE["changeId"]}


def test_change_that_is_not_decided_in_time_is_accepted_and_no_more(ask, clock):
    assert ask() is None
    assert clock.monotonic() == pytest.approx(5)


def test_change_that_a_newer_one_has_outdone_was_not_applied(ask, decide, clock):
    decide(CHANGE, status="SUPERSEDED", reason="NewerChangeApplied", after=PRODUCT)

    assert ask() is None
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("reason", "error"), [("NameTaken", NameTaken), ("IdempotencyKeyReused", IdempotencyKeyReused)]
)
def test_rejection_is_the_error_of_the_contract(ask, decide, reason, error):
    decide(CHANGE, status="REJECTED", reason=reason)

    with pytest.raises(error):
        ask()


@pytest.mark.parametrize("field", ["If-Match", "If-None-Match"])
def test_mismatch_is_that_of_the_condition_and_tells_the_current_version(ask, decide, field):
    decide(CHANGE, status="REJECTED", reason="VersionMismatch", version=4)

    with pytest.raises(VersionMismatch, match=f'{field} was overtaken: the current version is "4"'):
        ask(**{field: '"3"'})


def test_reason_that_is_not_known_is_no_answer_of_the_contract(ask, decide):
    decide(CHANGE, status="REJECTED", reason="Unheard")

    with pytest.raises(ValueError, match="Unheard"):
        ask()


def test_change_is_accepted_though_aws_fails_while_it_is_waited_for(ask, table, aws_fails, logged):
    aws_fails(table.client, "GetItem", error=ReadTimeoutError(endpoint_url=""))

    assert ask() is None
    (warning,) = logged()
    assert (warning["level"], "ReadTimeoutError" in warning["exception"]) == ("WARNING", True)


def test_refusal_by_aws_is_no_answer(ask, table, aws_fails):
    aws_fails(table.client, "GetItem", status=400, code="AccessDeniedException")

    with pytest.raises(table.client.exceptions.ClientError):
        ask()
