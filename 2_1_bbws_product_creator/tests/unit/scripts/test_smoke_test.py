"""scripts/smoke_test.py: what it takes for a failure and what not, and what it leaves behind."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import smoke_test
from deployment import deployable

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Account, Api, Ended

FUNCTIONS = sorted({*smoke_test.NEEDED, "list-products", "update-product"})

READ = {
    "says": "it reads",
    "client": "storefront",
    "method": "GET",
    "path": "/products?limit=1",
    "expected": {"status": 200, "body": {"count": 1}},
}
CHANGE = {
    "says": "it changes",
    "client": "admin",
    "method": "PUT",
    "path": "/products/{productId}",
    "body": {"price": 2.5},
    "expected": {"status": 202},
}
INVOCATION = {"client": "storefront", "event": {"headers": {"accept": "*/*"}}, "expected": {"statusCode": 200}}


@pytest.fixture
def deployed(dev: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes this a function's repository and deploys all functions to dev, but for some."""
    monkeypatch.setattr(deployable, "NAME", "2_1_bbws_list_products")

    def deploy(*, without: tuple[str, ...] = ()) -> None:
        names = [name for name in FUNCTIONS if name not in without]
        for name in names:
            dev.name = f"bbws-{name}-dev"
            dev.publish("code")

    return deploy


# By invocation


def test_invocation_carries_the_clients_key_and_nothing_shows_it(
    dev: Account, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    plan(invocation=INVOCATION)
    dev.publish("code")

    ended = run("smoke_test", "dev", "--version", "1")

    assert ended.status == 0, ended.err
    assert dev.invocations == ["1"]
    assert dev.events == [{"headers": {"accept": "*/*", "x-api-key": "key-of-storefront"}}]
    assert "version 1 answers as expected" in ended.out
    assert "key-of-" not in ended.out + ended.err


def test_alias_can_be_invoked_too(dev: Account, plan: Callable[..., None], run: Callable[..., Ended]) -> None:
    plan(invocation=INVOCATION)
    dev.publish("code")

    run("smoke_test", "dev", "--version", "live")

    assert dev.invocations == ["live"]


@pytest.mark.parametrize("answer", [{"statusCode": 500}, {"errorMessage": "it crashed"}, {}])
def test_wrong_answer_of_an_invocation_is_a_failure(
    dev: Account, plan: Callable[..., None], run: Callable[..., Ended], answer: dict[str, Any]
) -> None:
    plan(invocation=INVOCATION)
    dev.publish("code")
    dev.answers["1"] = answer

    ended = run("smoke_test", "dev", "--version", "1")

    assert ended.status == 1
    assert json.dumps(answer) in ended.err
    assert dev.invocations == ["1"]


def test_invocation_may_say_when_it_is(dev: Account, plan: Callable[..., None], run: Callable[..., Ended]) -> None:
    plan(invocation={"event": {"Records": [{"body": '{"requestedAt": "{now}"}'}]}, "expected": {}})
    dev.publish("code")

    before = datetime.now(UTC)
    run("smoke_test", "dev", "--version", "1")

    (event,) = dev.events
    said = json.loads(event["Records"][0]["body"])["requestedAt"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", said)
    assert before <= datetime.fromisoformat(said) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("log", "status"),
    [
        ('{"exception": "… decision.ProductNotThereYet: 0"}\nREPORT RequestId: 1', 0),
        # The right answer for another reason.
        ('{"exception": "… AccessDeniedException"}\nREPORT RequestId: 1', 1),
        # The local stand-in for Lambda shows no log.
        ("", 0),
    ],
)
def test_right_answer_counts_only_with_the_reason_that_the_log_must_tell(
    dev: Account, plan: Callable[..., None], run: Callable[..., Ended], log: str, status: int
) -> None:
    plan(invocation={**INVOCATION, "logged": "ProductNotThereYet"})
    dev.publish("code")
    dev.log = log

    ended = run("smoke_test", "dev", "--version", "1")

    assert ended.status == status
    if status:
        assert "without ProductNotThereYet in its log" in ended.err
        assert "AccessDeniedException" in ended.err


DENIED = "botocore.exceptions.ClientError: An error occurred (AccessDeniedException) when calling the GetItem operation"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait between two attempts."""
    monkeypatch.setattr(smoke_test, "PAUSE_SECONDS", 0.001)


@pytest.fixture
def impatient(hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor let anybody wait for long."""
    monkeypatch.setattr(smoke_test, "PATIENCE_SECONDS", 0.05)


@pytest.mark.usefixtures("hasty")
def test_permission_that_is_not_seen_yet_is_waited_for(
    dev: Account, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    plan(invocation=INVOCATION)
    dev.publish("code")
    dev.answers["1"] = [{"statusCode": 503}, {"errorMessage": DENIED}]
    dev.log = [DENIED, DENIED, "START"]

    ended = run("smoke_test", "dev", "--version", "1")

    assert ended.status == 0, ended.err
    assert dev.invocations == ["1", "1", "1"]
    assert ended.out.count("lacks a permission") == 1


@pytest.mark.usefixtures("impatient")
def test_permission_that_never_comes_is_a_failure(
    dev: Account, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    plan(invocation=INVOCATION)
    dev.publish("code")
    dev.answers["1"] = {"statusCode": 503}
    dev.log = DENIED

    ended = run("smoke_test", "dev", "--version", "1")

    assert ended.status == 1
    assert "answered" in ended.err
    assert len(dev.invocations) > 1


@pytest.mark.usefixtures("hasty")
def test_message_that_goes_back_for_want_of_a_permission_is_sent_again(
    dev: Account, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    plan(invocation={**INVOCATION, "logged": "ProductNotThereYet"})
    dev.publish("code")
    dev.log = [DENIED, "decision.ProductNotThereYet"]

    assert run("smoke_test", "dev", "--version", "1").status == 0


def test_cold_start_is_told(dev: Account, plan: Callable[..., None], run: Callable[..., Ended]) -> None:
    plan(invocation=INVOCATION)
    dev.publish("code")
    dev.log = "REPORT RequestId: 1\tDuration: 3.00 ms\tInit Duration: 812.34 ms\n"

    assert "812 ms of it a cold start" in run("smoke_test", "dev", "--version", "1").out


def test_timing_out_in_a_cold_start_is_no_failure_but_twice_is(
    dev: Account, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    plan(invocation=INVOCATION)
    dev.publish("code")
    timed_out = {"errorMessage": "2026-11-22T08:00:00.000Z 1 Task timed out after 30.00 seconds"}

    dev.answers["1"] = [timed_out]
    once = run("smoke_test", "dev", "--version", "1")
    dev.answers["1"] = [timed_out, timed_out]
    twice = run("smoke_test", "dev", "--version", "1")

    assert once.status == 0
    assert "ran out of time when it started cold" in once.out
    assert twice.status == 1


# Through the API


def test_requests_go_out_with_the_clients_key(
    dev: Account, api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    plan(requests=[READ, {**READ, "client": "admin"}, {key: READ[key] for key in READ if key != "client"}])

    ended = run("smoke_test", "dev")

    assert ended.status == 0, ended.err
    assert [request.key for request in api.requests] == ["key-of-storefront", "key-of-admin", None]
    assert "key-of-" not in ended.out + ended.err


@pytest.mark.parametrize(
    "answer",
    [(400, {"error": "ValidationError"}), (200, {"count": 2}), (200, None)],
)
def test_wrong_answer_is_a_failure_at_once(
    dev: Account,
    api: Api,
    plan: Callable[..., None],
    run: Callable[..., Ended],
    answer: tuple[int, Any],
) -> None:
    plan(requests=[READ])
    api.answers["GET"] = [answer]

    ended = run("smoke_test", "dev")

    assert ended.status == 1
    assert f"it reads: GET /products?limit=1 got {answer[0]} {json.dumps(answer[1])}" in ended.err
    assert api.sent == ["GET"]


# 500 is what the gateway answers until it may invoke a function.
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_function_that_is_still_starting_is_asked_again(
    dev: Account, api: Api, plan: Callable[..., None], run: Callable[..., Ended], status: int
) -> None:
    plan(requests=[READ])
    api.answers["GET"] = [(status, {"error": "ServiceUnavailable"})] * 2

    ended = run("smoke_test", "dev")

    assert ended.status == 0, ended.err
    assert re.search(r"it reads: GET \S+ got 200 in \d+ ms, after \S+ s and 3 attempts", ended.out)


def test_function_that_never_starts_is_a_failure(
    dev: Account, api: Api, plan: Callable[..., None], run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(requests=[READ])
    monkeypatch.setattr(smoke_test, "PATIENCE_SECONDS", 0.05)
    api.answers["GET"] = [(503, None)] * 1000

    ended = run("smoke_test", "dev")

    assert ended.status == 1
    assert "got 503" in ended.err
    assert "attempts in" in ended.err


def test_route_that_has_answered_once_is_not_cold_any_more(
    dev: Account, api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    plan(requests=[READ, {**READ, "says": "it reads again"}])
    api.answers["GET"] = [(200, {"count": 1}), (503, None)]

    ended = run("smoke_test", "dev")

    assert ended.status == 1
    assert "it reads again: GET /products?limit=1 got 503" in ended.err


def test_api_that_cannot_be_reached_is_a_failure(
    dev: Account, api: Api, plan: Callable[..., None], run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(requests=[READ])
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9/v1.0")
    monkeypatch.setattr(smoke_test, "PATIENCE_SECONDS", 0.01)

    ended = run("smoke_test", "dev")

    assert ended.status == 1
    assert "got nothing" in ended.err


def test_address_of_the_api_comes_from_the_infrastructure(
    dev: Account, api: Api, plan: Callable[..., None], run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(requests=[READ])
    monkeypatch.delenv("API_URL")

    nothing = run("smoke_test", "dev")
    dev.state("2_1_bbws_product_infrastructure", table_name="bbws-products-dev")
    too_old = run("smoke_test", "dev")
    dev.state("2_1_bbws_product_infrastructure", api_url=f"http://127.0.0.1:{api.server.server_port}/v1.0")
    deployed = run("smoke_test", "dev")

    assert "the infrastructure of dev has no state: deploy 2_1_bbws_product_infrastructure first" in nothing.err
    assert 'the infrastructure of dev has no output "api_url"' in too_old.err
    assert (nothing.status, too_old.status, deployed.status) == (1, 1, 0)


def test_missing_key_is_named(dev: Account, api: Api, plan: Callable[..., None], run: Callable[..., Ended]) -> None:
    plan(requests=[{**READ, "client": "nobody"}])

    ended = run("smoke_test", "dev")

    assert ended.status == 1
    assert "there is no secret bbws/product-api/dev/nobody" in ended.err


# A product's life


def test_product_is_made_tried_and_withdrawn(
    dev: Account, deployed: Callable[..., None], api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    deployed()
    plan(requests=[READ], life=[CHANGE])

    ended = run("smoke_test", "dev")

    assert ended.status == 0, ended.err
    assert api.sent == ["GET", "POST", "GET", "PUT", "DELETE", "GET"]
    assert api.requests[3] == ("PUT", f"/v1.0/products/{api.product}", "key-of-admin", {"price": 2.5})
    assert not api.products


def test_each_run_makes_a_product_of_its_own(
    dev: Account, deployed: Callable[..., None], api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    deployed()
    plan(life=[])

    run("smoke_test", "dev")
    run("smoke_test", "dev")

    names = [request.body["name"] for request in api.requests if request.method == "POST"]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"Smoke-test-of-[a-z-]+-[0-9a-f]{12}", name) for name in names)


def test_product_is_awaited_until_it_is_applied(
    dev: Account, deployed: Callable[..., None], api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    deployed()
    plan(life=[])
    api.answers["GET"] = [(404, {"error": "ProductNotFound"})] * 3

    assert run("smoke_test", "dev").status == 0


@pytest.mark.parametrize("broken", ["PUT", "GET"])
def test_product_is_withdrawn_whatever_goes_wrong(
    dev: Account,
    deployed: Callable[..., None],
    api: Api,
    plan: Callable[..., None],
    run: Callable[..., Ended],
    broken: str,
) -> None:
    deployed()
    plan(life=[CHANGE])
    api.answers[broken] = [(501, {"error": "InternalError"})]

    ended = run("smoke_test", "dev")

    assert ended.status == 1
    assert 'got 501 {"error": "InternalError"}' in ended.err
    assert "by hand" not in ended.err
    assert api.sent[-1] == "DELETE"
    assert not api.products


def test_product_that_cannot_be_withdrawn_is_named(
    dev: Account, deployed: Callable[..., None], api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    deployed()
    plan(life=[])
    api.answers["DELETE"] = [(501, None)]

    ended = run("smoke_test", "dev")

    assert ended.status == 1
    assert f"Withdraw product {api.product} by hand" in ended.err


def test_product_that_cannot_be_withdrawn_hides_no_failure(
    dev: Account, deployed: Callable[..., None], api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    deployed()
    plan(life=[CHANGE])
    api.answers |= {"PUT": [(409, {"error": "NameTaken"})], "DELETE": [(501, None)]}

    ended = run("smoke_test", "dev")

    assert "it changes: PUT /products/" in ended.err
    assert f"Withdraw product {api.product} by hand" in ended.err


def test_life_waits_for_the_functions_that_it_needs(
    dev: Account, deployed: Callable[..., None], api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    deployed(without=("audit-logger", "product-creator"))
    plan(requests=[READ], life=[CHANGE])

    ended = run("smoke_test", "dev")

    assert ended.status == 0
    assert "a product's life is not tried: audit-logger, product-creator not deployed yet" in ended.out
    assert api.sent == ["GET"]
    assert smoke_test.through_api("dev") is False


def test_audited_change_is_found_in_the_bucket(
    dev: Account,
    deployed: Callable[..., None],
    api: Api,
    plan: Callable[..., None],
    run: Callable[..., Ended],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployed()
    plan(life=[{"says": "it is audited", "auditObjects": 1}])
    dev.state("2_1_bbws_product_infrastructure", audit_bucket_name=dev.bucket)

    with monkeypatch.context() as impatient:
        impatient.setattr(smoke_test, "PATIENCE_SECONDS", 0.01)
        missing = run("smoke_test", "dev")
    today = datetime.now(UTC)
    dev.put(f"{today:%Y/%m/%d}/{api.product}_{today:%Y-%m-%d}T08:00:00.000000Z_1.json", "{}")
    found = run("smoke_test", "dev")

    assert missing.status == 1
    assert f"it is audited: 0 objects of {api.product} in {dev.bucket}" in missing.err
    assert found.status == 0, found.err


def test_no_product_is_made_in_prod(
    account_of: Callable[[str], Account], api: Api, plan: Callable[..., None], run: Callable[..., Ended]
) -> None:
    account_of("prod")
    plan(requests=[READ], life=[])

    assert run("smoke_test", "prod").status == 0
    assert api.sent == ["GET"]


# What is said about requests


@pytest.mark.parametrize(
    ("found", "expected", "matching"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": None}, {"a": {}}, False),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": {}}, {"a": []}, False),
        (None, {"a": 1}, False),
    ],
)
def test_answer_may_hold_more_than_is_expected(found: object, expected: object, *, matching: bool) -> None:
    assert smoke_test.matches(found, expected) is matching
