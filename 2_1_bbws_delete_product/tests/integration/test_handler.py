"""DELETE /v1.0/products/{productId}, as a caller sees it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

import handler as function
from common import timestamps
from common.attribute_values import to_item
from common.head import Head
from common.product_table import head_key
from handler import handler

UNKNOWN = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
ENDPOINT = "https://aws.example"

pytestmark = pytest.mark.usefixtures("table", "change_queue_url")


@pytest.fixture
def changes(change_queue_url, queued):
    """Return a function that gives the changes queued so far."""
    return lambda: queued(change_queue_url)


def refusal(answer):
    """Return status, code and fields at fault of a refusal."""
    return answer.status, answer.body["error"], [detail["field"] for detail in answer.body.get("details", [])]


# Accepted


def test_withdrawal_is_accepted_and_queued(call, stored_product, table, changes):
    product = stored_product()
    before = datetime.now(UTC)

    answer = call(handler, "DELETE", product["productId"], request_id="r-1")

    assert (answer.status, answer.text) == (204, "")
    assert "Content-Type" not in answer.headers
    (change,) = changes()
    requested_at = change.pop("requestedAt")
    assert before <= timestamps.from_text(requested_at) <= datetime.now(UTC)
    assert change == {
        "schemaVersion": 1,
        "changeId": answer.headers["X-Change-Id"],
        "changeType": "DELETE",
        "productId": product["productId"],
        "requestedBy": "admin",
        "requestId": "r-1",
        "expectedVersion": None,
        "fields": {"active": False},
    }
    # Only the creator writes products.
    assert table.head(product["productId"]).product == product


def test_id_may_be_written_in_capitals(call, stored_product, changes):
    stored_product(productId=UNKNOWN)

    assert call(handler, "DELETE", UNKNOWN.upper()).status == 204
    assert changes()[0]["productId"] == UNKNOWN


def test_body_is_no_matter(call, stored_product, changes):
    answer = call(handler, "DELETE", stored_product()["productId"], body="no JSON", headers={"Content-Type": "x/y"})

    assert answer.status == 204
    assert changes()[0]["fields"] == {"active": False}


def test_withdrawal_that_is_not_applied_yet_can_be_asked_for_again(call, stored_product, changes):
    product_id = stored_product()["productId"]

    ids = {call(handler, "DELETE", product_id).headers["X-Change-Id"] for _ in range(2)}

    assert {change["changeId"] for change in changes()} == ids
    assert len(ids) == 2


def test_clock_that_is_behind_does_not_make_the_withdrawal_look_older(call, stored_product, changes):
    last_updated = timestamps.to_text(datetime.now(UTC) + timedelta(minutes=2))
    product = stored_product(dateLastUpdated=last_updated)

    call(handler, "DELETE", product["productId"])

    assert changes()[0]["requestedAt"] > last_updated


def test_allowed_origin_may_read_the_change_id(call, stored_product):
    headers = call(handler, "DELETE", stored_product()["productId"], headers={"Origin": "https://shop.example"}).headers

    assert headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "X-Change-Id" in headers["Access-Control-Expose-Headers"]


# Who and why


def test_what_the_caller_says_of_who_asked_and_why_goes_with_the_change(call, stored_product, changes, logged):
    headers = {"X-Acting-User": "Zo%C3%AB", "X-Change-Note": "Asked%20for%20by%20a%20customer"}

    answer = call(handler, "DELETE", stored_product()["productId"], headers=headers)

    assert answer.status == 204
    (change,) = changes()
    assert (change["schemaVersion"], change["requestedBy"]) == (2, "admin")
    assert (change["actingUser"], change["changeNote"]) == ("Zoë", "Asked for by a customer")
    assert not any(word in repr(logged()) for word in ("Zoë", "customer"))


@pytest.mark.parametrize("header", ["X-Acting-User", "X-Change-Note"])
def test_what_can_not_be_who_asked_or_why_is_refused_by_its_header(call, stored_product, changes, header):
    answer = call(handler, "DELETE", stored_product()["productId"], headers={header: "%FF"})

    assert refusal(answer) == (400, "ValidationError", [header])
    assert changes() == []


# Waiting


@pytest.fixture
def at_once(monkeypatch, decide):
    """Return a function that lets each change be decided as soon as it is queued, with such a record."""

    def let(**attributes):
        send = function.QUEUE.send

        def send_and_decide(change):
            send(change)
            decide(change, **attributes)

        monkeypatch.setattr(function.QUEUE, "send", send_and_decide)

    return let


def test_who_waits_is_told_that_the_withdrawal_was_applied(call, stored_product, at_once, changes):
    product = stored_product()
    at_once(after={**product, "active": False})

    answer = call(handler, "DELETE", product["productId"], headers={"Prefer": "wait=5"})

    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["Preference-Applied"] == "wait=5"
    assert answer.headers["X-Change-Id"] == changes()[0]["changeId"]


def test_who_waits_is_told_that_the_withdrawal_was_rejected(call, stored_product, at_once):
    product_id = stored_product()["productId"]
    at_once(status="REJECTED", reason="VersionMismatch", version=2)

    answer = call(handler, "DELETE", product_id, headers={"Prefer": "wait=5", "If-Match": '"1"'})

    assert refusal(answer) == (412, "VersionMismatch", ["If-Match"])


@pytest.mark.parametrize(("prefer", "seconds"), [("wait=5", 5), (None, 0)])
def test_withdrawal_that_is_not_applied_in_time_is_accepted(call, stored_product, changes, clock, prefer, seconds):
    answer = call(handler, "DELETE", stored_product()["productId"], headers={"Prefer": prefer})

    assert answer.status == 204
    assert "Preference-Applied" not in answer.headers
    assert answer.headers["X-Change-Id"] == changes()[0]["changeId"]
    assert clock.monotonic() == pytest.approx(seconds)


# Conditions


def delete(call, product_id, if_match):
    return call(handler, "DELETE", product_id, headers={"If-Match": if_match})


@pytest.mark.parametrize("if_match", ['"3"', '"1", "3"', ',"3" ,', 'W/"3", "3"', ['"1"', '"3"']])
def test_withdrawal_of_the_current_version_goes_with_that_version(call, stored_product, changes, if_match):
    answer = delete(call, stored_product(version=3)["productId"], if_match)

    assert (answer.status, answer.text) == (204, "")
    (change,) = changes()
    assert (change["expectedVersion"], change["changeId"]) == (3, answer.headers["X-Change-Id"])


@pytest.mark.parametrize("if_match", ['"2"', '"4"', '"1", "2"', 'W/"3"', '"abc"', '"03"', '""', ['"1"', '"2"']])
def test_withdrawal_of_another_version_is_refused_and_told_the_current_one(call, stored_product, changes, if_match):
    answer = delete(call, stored_product(version=3)["productId"], if_match)

    assert refusal(answer) == (412, "VersionMismatch", ["If-Match"])
    assert '"3"' in answer.body["message"]
    assert changes() == []


def test_asterisk_asks_for_a_product_of_any_version(call, stored_product, changes):
    assert delete(call, stored_product(version=3)["productId"], "*").status == 204
    assert changes()[0]["expectedVersion"] is None


@pytest.mark.parametrize("condition", ["*", '"3"', 'W/"3"', '"1", "3"'])
def test_withdrawal_is_refused_where_what_must_not_be_there_is(call, stored_product, changes, condition):
    product_id = stored_product(version=3)["productId"]

    answer = call(handler, "DELETE", product_id, headers={"If-None-Match": condition})

    assert refusal(answer) == (412, "VersionMismatch", ["If-None-Match"])
    assert changes() == []


def test_withdrawal_of_any_but_some_versions_goes_with_the_version_that_was_read(call, stored_product, changes):
    product_id = stored_product(version=3)["productId"]

    assert call(handler, "DELETE", product_id, headers={"If-None-Match": '"2"'}).status == 204
    assert changes()[0]["expectedVersion"] == 3


def test_condition_of_a_date_is_refused_by_its_name(call, stored_product, changes):
    headers = {"If-Unmodified-Since": "Sun, 22 Nov 2026 08:00:00 GMT"}

    answer = call(handler, "DELETE", stored_product()["productId"], headers=headers)

    assert refusal(answer) == (400, "ValidationError", ["If-Unmodified-Since"])
    assert changes() == []


@pytest.mark.parametrize("if_match", ["", ",", "3", "'3'", '"3', 'w/"3"', '*, "3"', '"3" "4"', '"a b"', ["*", '"3"']])
@pytest.mark.parametrize("product_id", [None, UNKNOWN])
def test_malformed_condition_is_refused_before_anything_is_read(call, stored_product, changes, if_match, product_id):
    stored = stored_product(version=3)["productId"]

    assert refusal(delete(call, product_id or stored, if_match)) == (400, "ValidationError", ["If-Match"])
    assert changes() == []


@pytest.mark.parametrize("if_match", ["*", '"3"', '"2"'])
def test_product_that_is_not_there_is_not_found_whatever_the_condition(call, stored_product, changes, if_match):
    withdrawn = stored_product(version=3, active=False)["productId"]

    for product_id in (UNKNOWN, withdrawn):
        assert refusal(delete(call, product_id, if_match)) == (404, "ProductNotFound", [])
    assert changes() == []


def test_reader_learns_nothing_of_versions(call, stored_product, reader_key):
    product_id = stored_product(version=3)["productId"]

    answer = call(handler, "DELETE", product_id, headers={"If-Match": '"2"'}, key=reader_key)

    assert refusal(answer) == (403, "Forbidden", [])


# Refusals


def test_unknown_product_is_not_found(call, stored_product, changes):
    stored_product()

    answer = call(handler, "DELETE", UNKNOWN)

    assert refusal(answer) == (404, "ProductNotFound", [])
    assert UNKNOWN in answer.body["message"]
    assert changes() == []


def test_withdrawn_product_is_not_found(call, stored_product, changes):
    answer = call(handler, "DELETE", stored_product(active=False)["productId"])

    assert refusal(answer) == (404, "ProductNotFound", [])
    assert changes() == []


def test_product_whose_creation_was_rejected_is_not_found(call, table, changes):
    rejected = Head(sequence=1, last_hash="0" * 64, create_change_id="c-1").attributes(UNKNOWN)
    table.client.put_item(TableName=table.name, Item=to_item({**head_key(UNKNOWN), **rejected}))

    assert refusal(call(handler, "DELETE", UNKNOWN)) == (404, "ProductNotFound", [])
    assert changes() == []


@pytest.mark.parametrize("product_id", ["1", "x", "METADATA", UNKNOWN[:-1], UNKNOWN + "0", UNKNOWN.replace("-", "")])
def test_id_that_is_no_uuid_is_refused(call, changes, product_id):
    answer = call(handler, "DELETE", product_id)

    assert refusal(answer) == (400, "ValidationError", ["productId"])
    assert "must be a UUID" in answer.body["message"]
    assert changes() == []


@pytest.mark.parametrize("query", [{"limit": "1"}, {"x": ["1", "2"]}, {"": ""}, {"dryRun": "true", "x": "1"}])
def test_query_parameters_are_refused_by_their_names(call, stored_product, changes, query):
    answer = call(handler, "DELETE", stored_product()["productId"], query=query)

    assert refusal(answer) == (400, "ValidationError", list(query))
    assert "there are none" in answer.body["message"]
    assert changes() == []


def test_caller_who_takes_no_json_is_refused_before_anything_is_asked_for(call, stored_product, changes):
    answer = call(handler, "DELETE", stored_product()["productId"], headers={"Accept": "text/html"})

    assert refusal(answer) == (406, "NotAcceptable", ["Accept"])
    assert changes() == []


def test_reader_may_not_withdraw(call, stored_product, changes, reader_key):
    answer = call(handler, "DELETE", stored_product()["productId"], key=reader_key)

    assert refusal(answer) == (403, "Forbidden", [])
    assert changes() == []


@pytest.mark.parametrize("key", [None, "", "a-wrong-key"])
def test_key_of_no_client_is_forbidden(call, stored_product, changes, key):
    answer = call(handler, "DELETE", stored_product()["productId"], key=key)

    assert refusal(answer) == (403, "Forbidden", [])
    assert changes() == []


@pytest.mark.parametrize("product_id", [UNKNOWN, "x"])
def test_reader_learns_nothing_of_products(call, reader_key, product_id):
    assert refusal(call(handler, "DELETE", product_id, query={"x": "1"}, key=reader_key)) == (403, "Forbidden", [])


# Failures

FAILURES = [
    {"status": 500, "code": "InternalServerError"},
    {"status": 503, "code": "ServiceUnavailable"},
    {"status": 400, "code": "ThrottlingException"},
    {"error": ReadTimeoutError(endpoint_url=ENDPOINT)},
    {"error": ConnectTimeoutError(endpoint_url=ENDPOINT)},
    {"error": EndpointConnectionError(endpoint_url=ENDPOINT)},
]


def kind(failure):
    return failure.get("code") or type(failure["error"]).__name__


def assert_busy(answer):
    assert refusal(answer) == (503, "ServiceUnavailable", [])
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("failure", FAILURES, ids=kind)
def test_failure_of_dynamodb_is_a_503_and_nothing_is_queued(call, stored_product, changes, aws_fails, failure):
    product = stored_product()
    aws_fails(function.TABLE.client, "GetItem", **failure)

    assert_busy(call(handler, "DELETE", product["productId"]))
    assert changes() == []


@pytest.mark.parametrize("failure", [*FAILURES, {"status": 403, "code": "RequestThrottled"}], ids=kind)
def test_failure_of_sqs_is_a_503_and_nothing_is_queued(call, stored_product, changes, aws_fails, failure):
    aws_fails(function.QUEUE._client, "SendMessage", **failure)

    assert_busy(call(handler, "DELETE", stored_product()["productId"]))
    assert changes() == []


def test_single_failure_is_not_noticed(call, stored_product, changes, aws_fails):
    product = stored_product()
    aws_fails(function.TABLE.client, "GetItem", status=500, code="InternalServerError", times=1)
    aws_fails(function.QUEUE._client, "SendMessage", status=500, code="InternalFailure", times=1)

    assert call(handler, "DELETE", product["productId"]).status == 204
    assert len(changes()) == 1


@pytest.mark.parametrize("operation", ["GetItem", "SendMessage"])
def test_refusal_by_aws_is_a_500_that_gives_nothing_away(call, stored_product, changes, aws_fails, operation):
    product = stored_product()
    client = function.TABLE.client if operation == "GetItem" else function.QUEUE._client
    aws_fails(client, operation, status=400, code="AccessDeniedException")

    answer = call(handler, "DELETE", product["productId"])

    assert refusal(answer) == (500, "InternalError", [])
    assert set(answer.body) == {"error", "message", "requestId"}
    assert "AccessDenied" not in answer.text
    assert changes() == []


def test_missing_queue_is_a_500_that_does_not_name_it(call, stored_product, sqs, change_queue_url):
    sqs.delete_queue(QueueUrl=change_queue_url)

    answer = call(handler, "DELETE", stored_product()["productId"])

    assert refusal(answer) == (500, "InternalError", [])
    assert os.environ["CHANGE_QUEUE_URL"].rpartition("/")[2] not in answer.text


# Logs and start


def test_log_holds_ids_and_neither_key_nor_customer_text(call, stored_product, logged, writer_key):
    product_id = stored_product(name="Secret name")["productId"]

    answer = call(handler, "DELETE", product_id, body="Secret body", request_id="r-1")

    queued_, answered = logged()
    assert (queued_["change_id"], queued_["product_id"]) == (answer.headers["X-Change-Id"], product_id)
    assert (queued_["request_id"], answered["request_id"], answered["status"]) == ("r-1", "r-1", 204)
    assert {entry["level"] for entry in logged()} == {"INFO"}
    assert "Secret" not in repr(logged())
    assert writer_key not in repr(logged())


def test_nothing_but_its_own_settings_is_needed(monkeypatch, call, stored_product):
    for setting in ("AUDIT_QUEUE_URL", "DLQ_URL", "AUDIT_BUCKET"):
        monkeypatch.delenv(setting)

    started = runpy.run_path(function.__file__)["handler"]

    assert call(started, "DELETE", stored_product()["productId"]).status == 204


def test_start_is_light():
    """boto3 and pydantic each cost more than a tenth of a second at a cold start."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, handler; print(*sorted({'boto3', 'pydantic'} & set(sys.modules)))"],
        cwd=Path(function.__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    )

    assert loaded.stdout.strip() == ""
