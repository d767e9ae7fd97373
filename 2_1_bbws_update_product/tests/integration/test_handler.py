"""PUT /v1.0/products/{productId}, as a caller sees it."""

from __future__ import annotations

import json
import os
import runpy
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

import handler as function
from common import timestamps
from common.attribute_values import to_item
from common.head import Head
from common.product_table import claim_key, head_key
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


def test_change_is_accepted_and_queued_with_the_given_fields_and_the_currency_of_a_price(
    call, stored_product, table, changes
):
    product = stored_product()
    before = datetime.now(UTC)

    answer = call(handler, "PUT", product["productId"], body={"price": 12}, request_id="r-1")

    assert answer.status == 202
    (change,) = changes()
    assert answer.body == {
        "productId": product["productId"],
        "changeId": change["changeId"],
        "status": "ACCEPTED",
    }
    requested_at = change.pop("requestedAt")
    assert before <= timestamps.from_text(requested_at) <= datetime.now(UTC)
    assert change == {
        "schemaVersion": 1,
        "changeId": answer.body["changeId"],
        "changeType": "UPDATE",
        "productId": product["productId"],
        "requestedBy": "admin",
        "requestId": "r-1",
        "expectedVersion": None,
        "fields": {"price": "12.00", "currency": "ZAR"},
    }
    # Only the creator writes products.
    assert table.head(product["productId"]).product == product


def test_every_field_can_be_changed_at_once(call, stored_product, changes):
    fields = {
        "name": "Größe 日本 🚀",
        "description": "Hosting for ten sites",
        "price": 0.1,
        "currency": "USD",
        "billingCycle": "yearly",
        "features": ["Daily backups"],
        "active": False,
    }

    assert call(handler, "PUT", stored_product()["productId"], body=fields).status == 202
    assert changes()[0]["fields"] == {**fields, "price": "0.10"}


def test_location_leads_to_the_product(call, stored_product):
    product_id = stored_product()["productId"]

    location = call(handler, "PUT", product_id, body={"price": 12}).headers["Location"]

    address = f"https://id.execute-api.example/dev/v1.0/products/{product_id}"
    assert urljoin(address, location) == address


def test_id_may_be_written_in_capitals(call, stored_product, changes):
    stored_product(productId=UNKNOWN)

    assert call(handler, "PUT", UNKNOWN.upper(), body={"price": 12}).body["productId"] == UNKNOWN
    assert changes()[0]["productId"] == UNKNOWN


def test_each_request_is_a_change_of_its_own(call, stored_product, changes):
    product_id = stored_product()["productId"]

    ids = {call(handler, "PUT", product_id, body={"price": 12}).body["changeId"] for _ in range(3)}

    assert {change["changeId"] for change in changes()} == ids
    assert len(ids) == 3


def test_clock_that_is_behind_does_not_make_the_change_look_older(call, stored_product, changes):
    last_updated = timestamps.to_text(datetime.now(UTC) + timedelta(minutes=2))
    product = stored_product(dateLastUpdated=last_updated)

    call(handler, "PUT", product["productId"], body={"price": 12})

    assert changes()[0]["requestedAt"] > last_updated


def test_price_alone_is_in_the_currency_that_the_product_has_now(call, stored_product, changes):
    """Whoever changes the currency meanwhile sets another price with it: the later of the two sets both."""
    product = stored_product(currency="USD")

    assert call(handler, "PUT", product["productId"], body={"price": 149}).status == 202
    assert changes()[0]["fields"] == {"price": "149.00", "currency": "USD"}


@pytest.mark.parametrize(
    ("currency", "price", "said"),
    [("JPY", 10.5, "without decimals, as JPY has"), ("ZAR", 12.345, "with at most two decimals, as ZAR has")],
)
def test_price_alone_is_held_to_the_currency_that_the_product_has(call, stored_product, changes, currency, price, said):
    answer = call(handler, "PUT", stored_product(currency=currency)["productId"], body={"price": price})

    assert refusal(answer) == (400, "ValidationError", ["price"])
    assert said in answer.body["message"]
    assert changes() == []


def test_price_that_the_first_creators_cannot_read_goes_in_a_newer_message(call, stored_product, changes):
    product_id = stored_product(currency="KWD")["productId"]

    for price in (12.34, 12.345):
        assert call(handler, "PUT", product_id, body={"price": price}).status == 202

    assert sorted((each["schemaVersion"], each["fields"]["price"]) for each in changes()) == [
        (1, "12.34"),
        (2, "12.345"),
    ]


def test_product_with_an_amount_that_its_currency_does_not_have_can_be_changed(call, stored_product, changes):
    """From before amounts were held to their currencies."""
    product_id = stored_product(currency="JPY", price="10.50")["productId"]

    assert call(handler, "PUT", product_id, body={"name": "Another name"}).status == 202


def test_currency_needs_the_price_in_it(call, stored_product, changes):
    answer = call(handler, "PUT", stored_product()["productId"], body={"currency": "JPY"})

    assert refusal(answer) == (400, "ValidationError", ["price"])
    assert "is required where currency is given" in answer.body["message"]
    assert changes() == []


@pytest.mark.parametrize(
    "fields", [{"active": True}, {"price": 12}, {"active": True, "name": "Restored"}, {"active": False}]
)
def test_withdrawn_product_can_be_restored_and_changed(call, stored_product, changes, fields):
    product = stored_product(active=False)

    assert call(handler, "PUT", product["productId"], body=fields).status == 202
    assert set(changes()[0]["fields"]) - {"currency"} == set(fields)


# Names


@pytest.fixture
def names(stored_product):
    """Return the ids of an active product ``Basic``, an active ``Pro`` and a withdrawn ``BASIC``."""
    products = (("Basic", True), ("Pro", True), ("BASIC", False))
    return [stored_product(name=name, active=active)["productId"] for name, active in products]


@pytest.mark.parametrize("name", ["Basic", "BASIC", "  basic "])
def test_name_of_another_active_product_is_taken(call, names, changes, name):
    _, pro, _ = names

    assert refusal(call(handler, "PUT", pro, body={"name": name})) == (409, "NameTaken", ["name"])
    assert changes() == []


@pytest.mark.parametrize("fields", [{"active": True}, {"active": True, "name": "Pro"}])
def test_product_is_not_restored_to_a_name_that_is_taken(call, names, changes, fields):
    _, _, withdrawn = names

    assert refusal(call(handler, "PUT", withdrawn, body=fields)) == (409, "NameTaken", ["name"])
    assert changes() == []


def test_own_name_is_not_taken(call, names, changes):
    basic, _, _ = names

    assert call(handler, "PUT", basic, body={"name": "BASIC"}).status == 202
    assert call(handler, "PUT", basic, body={"name": "Basic", "active": True}).status == 202
    assert len(changes()) == 2


def test_name_that_the_product_came_to_hold_since_it_was_read_is_not_taken(call, stored_product, table, changes):
    product = stored_product(active=False)
    claim = {**claim_key(product["name"]), "productId": product["productId"]}
    table.client.put_item(TableName=table.name, Item=to_item(claim))

    assert call(handler, "PUT", product["productId"], body={"active": True}).status == 202
    assert len(changes()) == 1


def test_name_is_no_matter_while_a_product_is_withdrawn(call, names, changes):
    _, pro, withdrawn = names

    assert call(handler, "PUT", withdrawn, body={"name": "Pro"}).status == 202
    assert call(handler, "PUT", pro, body={"name": "Basic", "active": False}).status == 202
    assert len(changes()) == 2


def test_other_fields_are_no_matter_of_names(call, names, changes):
    _, _, withdrawn = names

    assert call(handler, "PUT", withdrawn, body={"price": 12}).status == 202
    assert len(changes()) == 1


# Conditions


def put(call, product_id, if_match, body=None, **more):
    return call(handler, "PUT", product_id, body=body or {"price": 12}, headers={"If-Match": if_match}, **more)


@pytest.mark.parametrize("if_match", ['"3"', '"1", "3"', ',"3" ,', 'W/"3", "3"', ['"1"', '"3"']])
def test_change_to_the_current_version_goes_with_that_version(call, stored_product, changes, if_match):
    product_id = stored_product(version=3)["productId"]

    answer = put(call, product_id, if_match)

    assert answer.status == 202
    (change,) = changes()
    assert change["expectedVersion"] == 3
    assert answer.body == {"productId": product_id, "changeId": change["changeId"], "status": "ACCEPTED"}


@pytest.mark.parametrize("if_match", ['"2"', '"4"', '"1", "2"', 'W/"3"', '"abc"', '"03"', '""', ['"1"', '"2"']])
def test_change_to_another_version_is_refused_and_told_the_current_one(call, stored_product, changes, if_match):
    answer = put(call, stored_product(version=3)["productId"], if_match)

    assert refusal(answer) == (412, "VersionMismatch", ["If-Match"])
    assert '"3"' in answer.body["message"]
    assert changes() == []


@pytest.mark.parametrize("active", [True, False])
def test_asterisk_asks_for_a_product_of_any_version(call, stored_product, changes, active):
    assert put(call, stored_product(version=3, active=active)["productId"], "*").status == 202
    assert changes()[0]["expectedVersion"] is None


@pytest.mark.parametrize(("if_match", "status"), [('"2"', 202), ('"1"', 412)])
def test_withdrawn_product_is_restored_on_the_same_condition(call, stored_product, changes, if_match, status):
    product = stored_product(active=False, version=2)

    assert put(call, product["productId"], if_match, {"active": True}).status == status
    assert [change["expectedVersion"] for change in changes()] == [2] * (status == 202)


@pytest.mark.parametrize("if_match", ["", ",", "3", "'3'", '"3', 'w/"3"', '*, "3"', '"3" "4"', '"a b"', ["*", '"3"']])
@pytest.mark.parametrize("product_id", [None, UNKNOWN])
def test_malformed_condition_is_refused_before_anything_is_read(call, stored_product, changes, if_match, product_id):
    stored = stored_product(version=3)["productId"]

    answer = put(call, product_id or stored, if_match)

    assert refusal(answer) == (400, "ValidationError", ["If-Match"])
    assert changes() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"body": "no JSON"}, 400),
        ({"body": {"price": 0}}, 400),
        ({"body": {"description": "x" * (32 * 1024)}}, 413),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
        ({"key": "a-wrong-key"}, 403),
        ({"product_id": "x"}, 400),
        ({"product_id": UNKNOWN}, 404),
    ],
    ids=str,
)
def test_every_other_refusal_but_that_of_a_name_comes_before_a_mismatch(call, stored_product, changes, change, status):
    request = {"product_id": stored_product(version=3)["productId"], "body": {"price": 12}} | change
    headers = {"If-Match": '"2"'} | change.get("headers", {})

    assert call(handler, "PUT", **(request | {"headers": headers})).status == status
    assert changes() == []


def test_mismatch_comes_before_a_name_that_is_taken(call, names):
    _, pro, _ = names

    assert put(call, pro, '"9"', {"name": "Basic"}).status == 412
    assert put(call, pro, '"1"', {"name": "Basic"}).status == 409


@pytest.mark.parametrize("if_match", ["*", '"3"'])
def test_condition_does_not_make_a_product(call, changes, if_match):
    assert refusal(put(call, UNKNOWN, if_match)) == (404, "ProductNotFound", [])
    assert changes() == []


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("condition", ["*", '"3"', 'W/"3"', '"1", "3"', ['"1"', '"3"']])
def test_change_is_refused_where_what_must_not_be_there_is(call, stored_product, changes, condition, active):
    product_id = stored_product(version=3, active=active)["productId"]

    answer = call(handler, "PUT", product_id, body={"price": 12}, headers={"If-None-Match": condition})

    assert refusal(answer) == (412, "VersionMismatch", ["If-None-Match"])
    assert '"3"' in answer.body["message"]
    assert changes() == []


def test_change_to_any_but_some_versions_goes_with_the_version_that_was_read(call, stored_product, changes):
    product_id = stored_product(version=3)["productId"]

    assert call(handler, "PUT", product_id, body={"price": 12}, headers={"If-None-Match": '"2"'}).status == 202
    assert changes()[0]["expectedVersion"] == 3


def test_what_must_not_be_there_and_never_was_is_not_found(call, changes):
    answer = call(handler, "PUT", UNKNOWN, body={"price": 12}, headers={"If-None-Match": "*"})

    assert refusal(answer) == (404, "ProductNotFound", [])


def test_condition_of_a_date_is_refused_by_its_name(call, stored_product, changes):
    headers = {"If-Unmodified-Since": "Sun, 22 Nov 2026 08:00:00 GMT"}

    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, headers=headers)

    assert refusal(answer) == (400, "ValidationError", ["If-Unmodified-Since"])
    assert changes() == []


def test_of_changes_to_one_version_each_is_left_to_the_creator(call, stored_product, changes):
    product_id = stored_product(version=3)["productId"]

    assert {put(call, product_id, '"3"').status for _ in range(3)} == {202}
    assert [change["expectedVersion"] for change in changes()] == [3, 3, 3]


# Who and why


def test_what_the_caller_says_of_who_asked_and_why_goes_with_the_change(call, stored_product, changes, logged):
    headers = {"X-Acting-User": "Zo%C3%AB", "X-Change-Note": "Asked%20for%20by%20a%20customer"}

    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, headers=headers)

    assert answer.status == 202
    (change,) = changes()
    assert (change["schemaVersion"], change["requestedBy"]) == (2, "admin")
    assert (change["actingUser"], change["changeNote"]) == ("Zoë", "Asked for by a customer")
    assert not any(word in repr(logged()) for word in ("Zoë", "customer"))


@pytest.mark.parametrize("header", ["X-Acting-User", "X-Change-Note"])
def test_what_can_not_be_who_asked_or_why_is_refused_by_its_header(call, stored_product, changes, header):
    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, headers={header: "%FF"})

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


def test_who_waits_gets_the_product_as_the_change_made_it(call, stored_product, at_once):
    product = stored_product()
    after = {**product, "price": "12.00", "version": 2}
    at_once(after=after)

    answer = call(handler, "PUT", product["productId"], body={"price": 12}, headers={"Prefer": "wait=5"})

    assert (answer.status, answer.body) == (200, {"product": {**after, "price": 12.0}})
    assert answer.headers["Preference-Applied"] == "wait=5"
    assert answer.headers["X-Change-Id"]


@pytest.mark.parametrize(
    ("reason", "status", "field"), [("NameTaken", 409, "name"), ("VersionMismatch", 412, "If-Match")]
)
def test_who_waits_is_told_why_the_change_was_rejected(call, stored_product, at_once, reason, status, field):
    product = stored_product()
    at_once(status="REJECTED", reason=reason, version=2)

    headers = {"Prefer": "wait=5", "If-Match": '"1"'}
    answer = call(handler, "PUT", product["productId"], body={"price": 12}, headers=headers)

    assert refusal(answer) == (status, reason, [field])
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize("outcome", [None, {"status": "SUPERSEDED", "reason": "NewerChangeApplied"}])
def test_change_that_is_not_applied_in_time_is_accepted(call, stored_product, at_once, changes, clock, outcome):
    product_id = stored_product()["productId"]
    if outcome:
        at_once(**outcome)

    answer = call(handler, "PUT", product_id, body={"price": 12}, headers={"Prefer": "wait=5"})

    (change,) = changes()
    assert answer.status == 202
    assert answer.body == {"productId": product_id, "changeId": change["changeId"], "status": "ACCEPTED"}
    assert "Preference-Applied" not in answer.headers
    assert clock.monotonic() == pytest.approx(0 if outcome else 5)


@pytest.mark.parametrize("prefer", [None, "respond-async", "wait=soon", "handling=lenient"])
def test_who_does_not_ask_is_not_kept_waiting(call, stored_product, at_once, clock, prefer):
    at_once(after=stored_product())

    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, headers={"Prefer": prefer})

    assert answer.status == 202
    assert clock.pauses == []


# Refusals


def test_unknown_product_is_not_found(call, stored_product, changes):
    stored_product()

    answer = call(handler, "PUT", UNKNOWN, body={"price": 12})

    assert refusal(answer) == (404, "ProductNotFound", [])
    assert UNKNOWN in answer.body["message"]
    assert changes() == []


def test_product_whose_creation_was_rejected_is_not_found(call, table, changes):
    rejected = Head(sequence=1, last_hash="0" * 64, create_change_id="c-1").attributes(UNKNOWN)
    table.client.put_item(TableName=table.name, Item=to_item({**head_key(UNKNOWN), **rejected}))

    assert refusal(call(handler, "PUT", UNKNOWN, body={"active": True})) == (404, "ProductNotFound", [])
    assert changes() == []


@pytest.mark.parametrize("product_id", ["1", "x", "METADATA", UNKNOWN[:-1], UNKNOWN + "0", UNKNOWN.replace("-", "")])
def test_id_that_is_no_uuid_is_refused(call, changes, product_id):
    answer = call(handler, "PUT", product_id, body={"price": 12})

    assert refusal(answer) == (400, "ValidationError", ["productId"])
    assert "must be a UUID" in answer.body["message"]
    assert changes() == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, ["body"]),
        ("", ["body"]),
        ("no JSON", ["body"]),
        ("[]", ["body"]),
        ("null", ["body"]),
        ('"text"', ["body"]),
        (b"\xff\xfe", ["body"]),
        ("[" * 32000, ["body"]),
        ("{}", ["body"]),
        ('{"colour": "red"}', ["colour"]),
        ('{"price": 12, "colour": "red"}', ["colour"]),
        ('{"productId": "x"}', ["productId"]),
        ('{"version": 2}', ["version"]),
        ('{"dateCreated": "2026-11-22T08:00:00.000000Z"}', ["dateCreated"]),
        ('{"price": 12, "price": 13}', ["price"]),
        ('{"name": null}', ["name"]),
        ('{"name": 12}', ["name"]),
        ('{"name": "    "}', ["name"]),
        ('{"name": "ab"}', ["name"]),
        (json.dumps({"name": "x" * 101}), ["name"]),
        ('{"name": "Word\\u0000Press"}', ["name"]),
        ('{"name": "Word\\ud83dPress"}', ["body"]),
        ('{"description": "too short"}', ["description"]),
        ('{"description": null}', ["description"]),
        ('{"price": 0}', ["price"]),
        ('{"price": -1}', ["price"]),
        ('{"price": 1e10}', ["price"]),
        ('{"price": 10.5, "currency": "JPY"}', ["price"]),
        ('{"price": "12"}', ["price"]),
        ('{"price": NaN}', ["price"]),
        ('{"price": Infinity}', ["price"]),
        ('{"price": 9.999}', ["price"]),
        ('{"price": 1e99999999999999999999}', ["price"]),
        ('{"price": true}', ["price"]),
        ('{"price": null}', ["price"]),
        ('{"currency": "XXX"}', ["price", "currency"]),
        ('{"price": 12, "currency": "zar"}', ["currency"]),
        ('{"billingCycle": "weekly"}', ["billingCycle"]),
        (json.dumps({"features": ["Free SSL"] * 21}), ["features"]),
        ('{"features": null}', ["features"]),
        ('{"features": ["Free SSL", "four", 5]}', ["features[1]", "features[2]"]),
        ('{"active": "true"}', ["active"]),
        ('{"active": 1}', ["active"]),
        ('{"active": null}', ["active"]),
        ('{"price": 0, "currency": "XXX", "active": 1}', ["price", "currency", "active"]),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, (str, bytes)) else None,
)
def test_bad_body_is_refused_by_its_fields_and_leaves_no_trace(call, stored_product, table, changes, body, fields):
    product = stored_product()

    answer = call(handler, "PUT", product["productId"], body=body)

    status, code, at_fault = refusal(answer)
    assert (status, code) == (400, "ValidationError")
    assert sorted(at_fault) == sorted(fields)
    for detail in answer.body["details"]:
        assert f"{detail['field']} {detail['message']}" in answer.body["message"]
        assert any(word in detail["message"] for word in ("must be", "must hold", "can be set"))
    assert changes() == []
    assert table.head(product["productId"]).product == product


def test_empty_change_is_told_what_can_be_changed(call, stored_product):
    message = call(handler, "PUT", stored_product()["productId"], body={}).body["message"]

    assert "at least one of name, description, price, currency, billingCycle, features, active" in message


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({f"{number:04}": 1 for number in range(2_500)}, 20),
        ({f"{number:04}" + "x" * 1_000: 1 for number in range(30)}, 20),
        ({"features": [1] * 10_000}, 1),
    ],
    ids=["many", "long", "features"],
)
def test_answer_to_much_nonsense_is_short(call, stored_product, body, count):
    answer = call(handler, "PUT", stored_product()["productId"], body=body)

    assert (answer.status, len(answer.body["details"])) == (400, count)
    assert len(answer.text.encode()) < 10_000


def test_body_over_32_kb_is_refused(call, stored_product, changes):
    answer = call(handler, "PUT", stored_product()["productId"], body={"description": "x" * (32 * 1024)})

    assert refusal(answer) == (413, "PayloadTooLarge", ["body"])
    assert changes() == []


def test_body_declared_to_be_something_else_is_refused(call, stored_product, changes):
    product_id = stored_product()["productId"]

    answer = call(handler, "PUT", product_id, body={"price": 12}, headers={"Content-Type": "application/xml"})

    assert refusal(answer) == (415, "UnsupportedMediaType", ["Content-Type"])
    assert changes() == []


@pytest.mark.parametrize("query", [{"limit": "1"}, {"x": ["1", "2"]}, {"": ""}, {"dryRun": "true", "x": "1"}])
def test_query_parameters_are_refused_by_their_names(call, stored_product, changes, query):
    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, query=query)

    assert refusal(answer) == (400, "ValidationError", list(query))
    assert "there are none" in answer.body["message"]
    assert changes() == []


def test_caller_who_takes_no_json_is_refused_before_anything_is_asked_for(call, stored_product, changes):
    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, headers={"Accept": "text/html"})

    assert refusal(answer) == (406, "NotAcceptable", ["Accept"])
    assert changes() == []


def test_reader_may_not_change(call, stored_product, changes, reader_key):
    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, key=reader_key)

    assert refusal(answer) == (403, "Forbidden", [])
    assert changes() == []


@pytest.mark.parametrize("key", [None, "", "a-wrong-key"])
def test_key_of_no_client_is_forbidden(call, stored_product, changes, key):
    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12}, key=key)

    assert refusal(answer) == (403, "Forbidden", [])
    assert changes() == []


def test_reader_learns_nothing_of_products(call, reader_key):
    assert refusal(call(handler, "PUT", UNKNOWN, body="no JSON", query={"x": "1"}, key=reader_key)) == (
        403,
        "Forbidden",
        [],
    )


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

    assert_busy(call(handler, "PUT", product["productId"], body={"price": 12}))
    assert changes() == []


@pytest.mark.parametrize("failure", [*FAILURES, {"status": 403, "code": "RequestThrottled"}], ids=kind)
def test_failure_of_sqs_is_a_503_and_nothing_is_queued(call, stored_product, changes, aws_fails, failure):
    aws_fails(function.QUEUE._client, "SendMessage", **failure)

    assert_busy(call(handler, "PUT", stored_product()["productId"], body={"price": 12}))
    assert changes() == []


def test_single_failure_is_not_noticed(call, stored_product, changes, aws_fails):
    product = stored_product()
    aws_fails(function.TABLE.client, "GetItem", status=500, code="InternalServerError", times=1)
    aws_fails(function.QUEUE._client, "SendMessage", status=500, code="InternalFailure", times=1)

    assert call(handler, "PUT", product["productId"], body={"price": 12}).status == 202
    assert len(changes()) == 1


@pytest.mark.parametrize("operation", ["GetItem", "SendMessage"])
def test_refusal_by_aws_is_a_500_that_gives_nothing_away(call, stored_product, changes, aws_fails, operation):
    product = stored_product()
    client = function.TABLE.client if operation == "GetItem" else function.QUEUE._client
    aws_fails(client, operation, status=400, code="AccessDeniedException")

    answer = call(handler, "PUT", product["productId"], body={"price": 12})

    assert refusal(answer) == (500, "InternalError", [])
    assert set(answer.body) == {"error", "message", "requestId"}
    assert "AccessDenied" not in answer.text
    assert changes() == []


def test_missing_queue_is_a_500_that_does_not_name_it(call, stored_product, sqs, change_queue_url):
    sqs.delete_queue(QueueUrl=change_queue_url)

    answer = call(handler, "PUT", stored_product()["productId"], body={"price": 12})

    assert refusal(answer) == (500, "InternalError", [])
    assert os.environ["CHANGE_QUEUE_URL"].rpartition("/")[2] not in answer.text


# Logs and start


def test_log_holds_ids_and_neither_key_nor_customer_text(call, stored_product, logged, writer_key):
    product_id = stored_product(name="Secret old name")["productId"]

    answer = call(handler, "PUT", product_id, body={"name": "Secret new name"}, request_id="r-1")
    call(handler, "PUT", product_id, body={"Secret": 1}, request_id="r-2")

    queued_, *answered = logged()
    assert (queued_["change_id"], queued_["request_id"]) == (answer.body["changeId"], "r-1")
    assert queued_["product_id"] == product_id
    assert [(entry["request_id"], entry["status"]) for entry in answered] == [("r-1", 202), ("r-2", 400)]
    assert {entry["level"] for entry in logged()} == {"INFO"}
    assert "Secret" not in repr(logged())
    assert writer_key not in repr(logged())


def test_nothing_but_its_own_settings_is_needed(monkeypatch, call, stored_product):
    for setting in ("AUDIT_QUEUE_URL", "DLQ_URL", "AUDIT_BUCKET"):
        monkeypatch.delenv(setting)

    started = runpy.run_path(function.__file__)["handler"]

    assert call(started, "PUT", stored_product()["productId"], body={"price": 12}).status == 202
