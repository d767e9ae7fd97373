"""POST /v1.0/products, as a caller sees it."""

from __future__ import annotations

import json
import os
import runpy
import uuid
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

import handler as function
from common import timestamps
from handler import handler

PLAN = {
    "name": "WordPress Starter",
    "description": "Hosting for one WordPress site",
    "price": 299.9,
    "billingCycle": "monthly",
}
ENDPOINT = "https://aws.example"

pytestmark = pytest.mark.usefixtures("table", "change_queue_url")


@pytest.fixture
def changes(change_queue_url, queued):
    """Return a function that gives the changes queued so far."""
    return lambda: queued(change_queue_url)


@pytest.fixture
def stored(table):
    """Return a function that counts the items in the table."""
    return lambda: table.client.scan(TableName=table.name)["Count"]


def raw(**values):
    """Return a body in which fields have values of raw JSON."""
    fields = {name: json.dumps(value) for name, value in PLAN.items()} | values
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"


def refusal(answer):
    """Return status, code and fields at fault of a refusal."""
    return answer.status, answer.body["error"], [detail["field"] for detail in answer.body.get("details", [])]


# Accepted


def test_product_is_accepted_and_its_creation_queued(call, changes, stored):
    before = datetime.now(UTC)

    answer = call(handler, "POST", body=PLAN, request_id="r-1")

    assert answer.status == 202
    assert set(answer.body) == {"productId", "changeId", "status"}
    assert answer.body["status"] == "ACCEPTED"
    (change,) = changes()
    requested_at = change.pop("requestedAt")
    assert before <= timestamps.from_text(requested_at) <= datetime.now(UTC)
    assert change == {
        "schemaVersion": 1,
        "changeId": answer.body["changeId"],
        "changeType": "CREATE",
        "productId": answer.body["productId"],
        "requestedBy": "admin",
        "requestId": "r-1",
        "expectedVersion": None,
        "fields": {**PLAN, "price": "299.90", "currency": "ZAR", "features": [], "active": True},
    }
    # Only the creator writes products.
    assert stored() == 0


def test_ids_are_uuids_and_new_in_every_answer(call, changes):
    answers = [call(handler, "POST", body=PLAN).body for _ in range(3)]

    ids = [answer[name] for answer in answers for name in ("productId", "changeId")]
    assert len(set(ids)) == 6
    assert all(str(uuid.UUID(id_)) == id_ for id_ in ids)
    assert len(changes()) == 3


def test_location_leads_to_the_product(call):
    answer = call(handler, "POST", body=PLAN)

    assert (
        urljoin("https://id.execute-api.example/dev/v1.0/products", answer.headers["Location"])
        == f"https://id.execute-api.example/dev/v1.0/products/{answer.body['productId']}"
    )


def test_every_field_can_be_given(call, changes):
    fields = {**PLAN, "currency": "USD", "billingCycle": "one-time", "features": ["Daily backups"], "active": False}

    assert call(handler, "POST", body=fields).status == 202
    assert changes()[0]["fields"] == {**fields, "price": "299.90"}


def test_text_is_queued_composed_and_trimmed(call, changes):
    call(handler, "POST", body={**PLAN, "name": "  Cafe\u0301 日本 🚀 ", "features": [" Cafe\u0301s "]})

    (change,) = changes()
    assert change["fields"]["name"] == "Café 日本 🚀"
    assert change["fields"]["features"] == ["Cafés"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.01", "0.01"),
        ("0.1", "0.10"),
        ("0.29", "0.29"),
        ("1.005e2", "100.50"),
        ("12", "12.00"),
        ("12.0", "12.00"),
        ("1e2", "100.00"),
        ("4.35", "4.35"),
        ("299.90", "299.90"),
        ("8.000", "8.00"),
        ("1.10", "1.10"),
        ("123456." + "7" + "0" * 40, "123456.70"),
        ("999999.99", "999999.99"),
        ("9999999999.99", "9999999999.99"),
    ],
)
def test_price_is_queued_to_the_cent(call, changes, number, text):
    assert call(handler, "POST", body=raw(price=number)).status == 202
    assert changes()[0]["fields"]["price"] == text


def test_body_in_base64_is_read(call, changes):
    assert call(handler, "POST", body=json.dumps({**PLAN, "name": "Größe"}, ensure_ascii=False).encode()).status == 202
    assert changes()[0]["fields"]["name"] == "Größe"


def test_allowed_origin_may_read_the_location(call):
    headers = call(handler, "POST", body=PLAN, headers={"Origin": "https://shop.example"}).headers

    assert headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Location" in headers["Access-Control-Expose-Headers"]


# Who and why


def test_what_the_caller_says_of_who_asked_and_why_goes_with_the_change(call, changes, logged):
    headers = {"X-Acting-User": "Zo%C3%AB", "X-Change-Note": "Asked%20for%20by%20a%20customer"}

    answer = call(handler, "POST", body=PLAN, headers=headers)

    assert answer.status == 202
    (change,) = changes()
    assert (change["schemaVersion"], change["requestedBy"]) == (2, "admin")
    assert (change["actingUser"], change["changeNote"]) == ("Zoë", "Asked for by a customer")
    assert not any(word in repr(logged()) for word in ("Zoë", "customer"))


@pytest.mark.parametrize("header", ["X-Acting-User", "X-Change-Note"])
def test_what_can_not_be_who_asked_or_why_is_refused_by_its_header(call, changes, header):
    answer = call(handler, "POST", body=PLAN, headers={header: "%FF"})

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


def test_who_waits_gets_the_product_that_was_made(call, at_once, changes, stored_product):
    made = stored_product(name="Made elsewhere")
    at_once(after=made)

    answer = call(handler, "POST", body=PLAN, headers={"Prefer": "wait=5"})

    (change,) = changes()
    assert (answer.status, answer.body["product"]["productId"]) == (201, made["productId"])
    assert answer.headers["Preference-Applied"] == "wait=5"
    assert answer.headers["X-Change-Id"] == change["changeId"]
    assert answer.headers["Location"].endswith(f"v1.0/products/{change['productId']}")


@pytest.mark.parametrize(
    ("reason", "status", "field"),
    [("NameTaken", 409, "name"), ("IdempotencyKeyReused", 422, "Idempotency-Key")],
)
def test_who_waits_is_told_why_the_creation_was_rejected(call, at_once, reason, status, field):
    at_once(status="REJECTED", reason=reason, version=0)

    answer = call(handler, "POST", body=PLAN, headers={"Prefer": "wait=5", "Idempotency-Key": "k-1"})

    assert refusal(answer) == (status, reason, [field])


@pytest.mark.parametrize(("prefer", "seconds"), [("wait=5", 5), (None, 0)])
def test_creation_that_is_not_applied_in_time_is_accepted(call, changes, clock, prefer, seconds):
    answer = call(handler, "POST", body=PLAN, headers={"Prefer": prefer})

    assert (answer.status, answer.body["changeId"]) == (202, changes()[0]["changeId"])
    assert "Preference-Applied" not in answer.headers
    assert clock.monotonic() == pytest.approx(seconds)


# Names


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("WordPress Starter", "WordPress Starter"),
        ("WordPress Starter", "  wordpress STARTER "),
        ("Café Plan", "CAFE\u0301 PLAN"),
        ("Straße", "STRASSE"),
        ("Пакет", "ПАКЕТ"),
    ],
)
def test_name_of_another_active_product_is_taken(call, stored_product, changes, held, asked):
    stored_product(name=held)

    answer = call(handler, "POST", body={**PLAN, "name": asked})

    assert refusal(answer) == (409, "NameTaken", ["name"])
    assert changes() == []


def test_name_of_a_withdrawn_product_is_free(call, stored_product, changes):
    stored_product(name=PLAN["name"], active=False)

    assert call(handler, "POST", body=PLAN).status == 202
    assert len(changes()) == 1


def test_product_that_begins_withdrawn_needs_no_free_name(call, stored_product, changes):
    stored_product(name=PLAN["name"])

    assert call(handler, "POST", body={**PLAN, "active": False}).status == 202
    assert len(changes()) == 1


# Bad input


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, ["body"]),
        ("", ["body"]),
        ("no JSON", ["body"]),
        ('{"name": ', ["body"]),
        ("name=x&price=1", ["body"]),
        ("[]", ["body"]),
        ('"text"', ["body"]),
        ("12", ["body"]),
        ("null", ["body"]),
        (b"\xff\xfe", ["body"]),
        (raw().encode("utf-8-sig"), ["body"]),
        (raw(name='"Gr\xf6\xdfe"').encode("latin-1"), ["body"]),
        # What the gateway makes of bytes that are no UTF-8.
        (raw(name='"Gr\xf6\xdfe"').encode("latin-1").decode(errors="replace"), ["body"]),
        (raw(name='"Gr\\ufffd\\ufffde"'), ["name"]),
        (raw(name="[" * 900 + "]" * 900), ["name"]),
        (raw(colour='{"a":' * 900 + "1" + "}" * 900), ["colour"]),
        ("[" * 32000, ["body"]),
        ("{}", ["name", "description", "price", "billingCycle"]),
        ('{"name": "WordPress"}', ["description", "price", "billingCycle"]),
        (raw(colour='"red"'), ["colour"]),
        (raw(productId='"3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"'), ["productId"]),
        (raw(version="1"), ["version"]),
        (raw(name='"x", "name": "WordPress"'), ["name"]),
        (raw(name="12"), ["name"]),
        (raw(name="null"), ["name"]),
        (raw(name='["WordPress"]'), ["name"]),
        (raw(name='""'), ["name"]),
        (raw(name='"     "'), ["name"]),
        (raw(name='"ab"'), ["name"]),
        (raw(name='"   ab   "'), ["name"]),
        (raw(name=f'"{"x" * 101}"'), ["name"]),
        (raw(name='"Word\\u0000Press"'), ["name"]),
        (raw(name='"Word\\nPress"'), ["name"]),
        (raw(name='"Word\\u007fPress"'), ["name"]),
        (raw(name='"Word\\uffffPress"'), ["name"]),
        (raw(name='"Word\\ud83dPress"'), ["body"]),
        (raw(description='"too short"'), ["description"]),
        (raw(description=f'"{"x" * 501}"'), ["description"]),
        (raw(description='"Hosting for\\tone site"'), ["description"]),
        (raw(price="0"), ["price"]),
        (raw(price="0.00"), ["price"]),
        (raw(price="-0"), ["price"]),
        (raw(price="1." + "1" * 40), ["price"]),
        (raw(price="1." + "0" * 40 + "1"), ["price"]),
        (raw(price="1" * 40), ["price"]),
        (raw(price="01"), ["body"]),
        (raw(price="+1"), ["body"]),
        (raw(price=".5"), ["body"]),
        (raw(price="1."), ["body"]),
        (raw(price="-1"), ["price"]),
        (raw(price="1e10"), ["price"]),
        (raw(price="10000000000"), ["price"]),
        (raw(price="10.5", currency='"JPY"'), ["price"]),
        (raw(price='"12"'), ["price"]),
        (raw(price="NaN"), ["price"]),
        (raw(price="Infinity"), ["price"]),
        (raw(price="-Infinity"), ["price"]),
        (raw(price="9.999"), ["price"]),
        (raw(price="0.001"), ["price"]),
        (raw(price="1e-9"), ["price"]),
        (raw(price="1e99999999999999999999"), ["price"]),
        (raw(price="9" * 5000), ["price"]),
        (raw(price="true"), ["price"]),
        (raw(price="null"), ["price"]),
        (raw(price="[1]"), ["price"]),
        (raw(currency='"XXX"'), ["currency"]),
        (raw(currency='"zar"'), ["currency"]),
        (raw(currency="710"), ["currency"]),
        (raw(billingCycle='"weekly"'), ["billingCycle"]),
        (raw(billingCycle="1"), ["billingCycle"]),
        (raw(features='"Free SSL certificate"'), ["features"]),
        (raw(features=json.dumps(["Free SSL"] * 21)), ["features"]),
        (raw(features='["Free SSL", "four", 5]'), ["features[1]", "features[2]"]),
        (raw(features='["Free\\u0001SSL"]'), ["features[0]"]),
        (raw(active='"true"'), ["active"]),
        (raw(active="1"), ["active"]),
        (raw(active="null"), ["active"]),
        (raw(price="0", currency='"XXX"', colour="1"), ["price", "currency", "colour"]),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, (str, bytes)) else None,
)
def test_bad_body_is_refused_by_its_fields_and_leaves_no_trace(call, changes, stored, body, fields):
    answer = call(handler, "POST", body=body, request_id="r-1")

    status, code, at_fault = refusal(answer)
    assert (status, code) == (400, "ValidationError")
    assert sorted(at_fault) == sorted(fields)
    assert answer.body["requestId"] == "r-1"
    for detail in answer.body["details"]:
        assert f"{detail['field']} {detail['message']}" in answer.body["message"]
        assert any(word in detail["message"] for word in ("must be", "can be set", "is required"))
    assert changes() == []
    assert stored() == 0


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("name", "x", "3 to 100 characters"),
        ("description", "x", "10 to 500 characters"),
        ("price", "12", "from 0.01 to 9999999999.99 with at most two decimals, as ZAR has"),
        ("currency", "XXX", "ISO 4217"),
        ("billingCycle", "weekly", "monthly, yearly, one-time"),
        ("features", ["Free SSL"] * 21, "at most 20"),
        ("active", "yes", "true or false"),
        ("colour", "red", "name, description, price, currency, billingCycle, features, active"),
    ],
)
def test_message_says_what_is_allowed(call, field, value, allowed):
    assert allowed in call(handler, "POST", body={**PLAN, field: value}).body["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": "*"}, 202),
        ({"If-Match": '"1"'}, 412),
        ({"If-None-Match": "*"}, 412),
        ({"If-None-Match": '"1"'}, 412),
        ({"If-None-Match": "1"}, 400),
        ({"If-Unmodified-Since": "Sun, 22 Nov 2026 08:00:00 GMT"}, 400),
        ({"If-Modified-Since": "Sun, 22 Nov 2026 08:00:00 GMT"}, 202),
    ],
    ids=str,
)
def test_conditions_are_those_of_the_list_which_is_always_there(call, changes, headers, status):
    answer = call(handler, "POST", body=PLAN, headers=headers)

    assert answer.status == status
    assert len(changes()) == (status == 202)
    if status != 202:
        assert refusal(answer)[2] == list(headers)


def test_body_over_32_kb_is_refused(call, changes):
    body = {**PLAN, "description": "x" * (32 * 1024)}

    assert refusal(call(handler, "POST", body=body)) == (413, "PayloadTooLarge", ["body"])
    assert changes() == []


def test_body_declared_to_be_something_else_is_refused(call, changes):
    answer = call(handler, "POST", body=PLAN, headers={"Content-Type": "text/plain"})

    assert refusal(answer) == (415, "UnsupportedMediaType", ["Content-Type"])
    assert changes() == []


@pytest.mark.parametrize("query", [{"limit": "1"}, {"x": ["1", "2"]}, {"": ""}, {"dryRun": "true", "x": "1"}])
def test_query_parameters_are_refused_by_their_names(call, changes, query):
    answer = call(handler, "POST", body=PLAN, query=query)

    assert refusal(answer) == (400, "ValidationError", list(query))
    assert "there are none" in answer.body["message"]
    assert changes() == []


def test_caller_who_takes_no_json_is_refused_before_anything_is_asked_for(call, changes):
    answer = call(handler, "POST", body=PLAN, headers={"Accept": "text/html"})

    assert refusal(answer) == (406, "NotAcceptable", ["Accept"])
    assert changes() == []


# Keys


def test_reader_may_not_create(call, changes, reader_key):
    answer = call(handler, "POST", body=PLAN, key=reader_key)

    assert refusal(answer) == (403, "Forbidden", [])
    assert changes() == []


@pytest.mark.parametrize("key", [None, "", "a-wrong-key"])
def test_key_of_no_client_is_forbidden(call, changes, key):
    assert refusal(call(handler, "POST", body=PLAN, key=key)) == (403, "Forbidden", [])
    assert changes() == []


def test_reader_learns_nothing_of_the_body(call, reader_key):
    assert refusal(call(handler, "POST", body="no JSON", query={"x": "1"}, key=reader_key)) == (403, "Forbidden", [])


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


@pytest.mark.parametrize("failure", [*FAILURES, {"status": 400, "code": "RequestLimitExceeded"}], ids=kind)
def test_failure_of_dynamodb_is_a_503_and_nothing_is_queued(call, changes, aws_fails, failure):
    aws_fails(function.TABLE.client, "GetItem", **failure)

    assert_busy(call(handler, "POST", body=PLAN))
    assert changes() == []


@pytest.mark.parametrize("failure", [*FAILURES, {"status": 403, "code": "RequestThrottled"}], ids=kind)
def test_failure_of_sqs_is_a_503_and_nothing_is_queued(call, changes, aws_fails, failure):
    aws_fails(function.QUEUE._client, "SendMessage", **failure)

    assert_busy(call(handler, "POST", body=PLAN))
    assert changes() == []


def test_single_failure_is_not_noticed(call, changes, aws_fails):
    aws_fails(function.TABLE.client, "GetItem", status=500, code="InternalServerError", times=1)
    aws_fails(function.QUEUE._client, "SendMessage", status=500, code="InternalFailure", times=1)

    assert call(handler, "POST", body=PLAN).status == 202
    assert len(changes()) == 1


def test_repeat_after_a_lost_answer_is_the_same_change(call, changes, aws_fails):
    aws_fails(function.QUEUE._client, "SendMessage", error=ReadTimeoutError(endpoint_url=ENDPOINT), times=1, lost=True)

    answer = call(handler, "POST", body=PLAN)

    assert answer.status == 202
    # The creator applies a change once, however often it is delivered.
    assert [change["changeId"] for change in changes()] == [answer.body["changeId"]] * 2


@pytest.mark.parametrize("operation", ["GetItem", "SendMessage"])
def test_refusal_by_aws_is_a_500_that_gives_nothing_away(call, changes, aws_fails, operation):
    client = function.TABLE.client if operation == "GetItem" else function.QUEUE._client
    aws_fails(client, operation, status=400, code="AccessDeniedException")

    answer = call(handler, "POST", body=PLAN)

    assert refusal(answer) == (500, "InternalError", [])
    assert set(answer.body) == {"error", "message", "requestId"}
    assert "AccessDenied" not in answer.text
    assert changes() == []


def test_missing_queue_is_a_500_that_does_not_name_it(call, sqs, change_queue_url):
    sqs.delete_queue(QueueUrl=change_queue_url)

    answer = call(handler, "POST", body=PLAN)

    assert refusal(answer) == (500, "InternalError", [])
    assert os.environ["CHANGE_QUEUE_URL"].rpartition("/")[2] not in answer.text


# Logs and start


def test_log_holds_ids_and_neither_key_nor_customer_text(call, logged, writer_key):
    secret = {**PLAN, "name": "Secret name", "description": "Secret description", "features": ["Secret feature"]}

    answer = call(handler, "POST", body=secret, request_id="r-1")
    call(handler, "POST", body={**secret, "Secret": 1}, request_id="r-2")
    call(handler, "POST", body='{"Secret": Secret', request_id="r-3")

    queued_, *answered = logged()
    assert (queued_["change_id"], queued_["request_id"]) == (answer.body["changeId"], "r-1")
    assert queued_["product_id"] == answer.body["productId"]
    assert [(entry["request_id"], entry["status"]) for entry in answered] == [("r-1", 202), ("r-2", 400), ("r-3", 400)]
    assert {entry["level"] for entry in logged()} == {"INFO"}
    assert "Secret" not in repr(logged())
    assert writer_key not in repr(logged())


def test_nothing_but_its_own_settings_is_needed(monkeypatch, call):
    for setting in ("AUDIT_QUEUE_URL", "DLQ_URL", "AUDIT_BUCKET"):
        monkeypatch.delenv(setting)

    started = runpy.run_path(function.__file__)["handler"]

    assert call(started, "POST", body=PLAN).status == 202
