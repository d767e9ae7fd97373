"""POST /v1.0/products with an `Idempotency-Key`, as a caller sees it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

import handler as function
from common import timestamps
from common.api_clients import ApiClients
from common.attribute_values import to_item
from common.head import Head
from common.product_table import head_key
from handler import handler
from idempotency import CreationIds

PLAN = {
    "name": "WordPress Starter",
    "description": "Hosting for one WordPress site",
    "price": 299.9,
    "billingCycle": "monthly",
}
KEY = "order-2026-11-22/1"
AT_ONCE = 10

pytestmark = pytest.mark.usefixtures("table", "change_queue_url")


@pytest.fixture
def changes(change_queue_url, queued):
    """Return a function that takes the changes queued so far."""
    return lambda: queued(change_queue_url)


@pytest.fixture
def post(call):
    """Return a function that asks for a product with a key."""

    def send(body=PLAN, key=KEY, **more):
        return call(handler, "POST", body=body, headers={"Idempotency-Key": key, **more.pop("headers", {})}, **more)

    return send


@pytest.fixture
def store_head(table):
    def store(product_id, head):
        item = {**head_key(product_id), **head.attributes(product_id)}
        table.client.put_item(TableName=table.name, Item=to_item(item))

    return store


@pytest.fixture
def create(table, stored_product, store_head):
    """Return a function that does what the creator does with a creation that it applies."""

    def apply(change, **fields):
        product_id = change["productId"]
        stored_product(productId=product_id, **{**change["fields"], **fields})
        store_head(product_id, dataclasses.replace(table.head(product_id), create_change_id=change["changeId"]))

    return apply


@pytest.fixture
def reject(store_head):
    """Return a function that does what the creator does with a creation that it rejects."""
    return lambda change: store_head(change["productId"], Head(1, "0" * 64, change["changeId"]))


@pytest.fixture
def after_first_read():
    """Return a function that has something happen right after the handler's first read of the table."""
    events = function.TABLE.client.meta.events
    registered = []

    def arrange(action):
        def happen(**_):
            events.unregister("after-call.dynamodb.GetItem", happen)
            action()

        events.register("after-call.dynamodb.GetItem", happen)
        registered.append(happen)

    yield arrange
    for happen in registered:
        events.unregister("after-call.dynamodb.GetItem", happen)


def refusal(answer):
    """Return status, code and fields at fault of a refusal."""
    return answer.status, answer.body["error"], [detail["field"] for detail in answer.body.get("details", [])]


REUSED = (422, "IdempotencyKeyReused", ["Idempotency-Key"])


# Accepted


def test_creation_is_queued_with_the_ids_of_the_answer(post, changes):
    answer = post()

    assert (answer.status, answer.body["status"]) == (202, "ACCEPTED")
    (change,) = changes()
    assert (change["productId"], change["changeId"]) == (answer.body["productId"], answer.body["changeId"])
    assert change["changeType"] == "CREATE"
    assert change["fields"] == {**PLAN, "price": "299.90", "currency": "ZAR", "features": [], "active": True}
    for name in ("productId", "changeId"):
        assert str(uuid.UUID(answer.body[name])) == answer.body[name]


def test_retry_before_the_first_is_decided_is_the_same_change(post, changes):
    answers = [post(request_id=f"r-{number}") for number in range(3)]

    assert [answer.body for answer in answers] == [answers[0].body] * 3
    assert {(change["productId"], change["changeId"]) for change in changes()} == {
        (answers[0].body["productId"], answers[0].body["changeId"])
    }


def test_retry_over_many_threads_at_once_and_months_later_is_the_same_product(
    api_event, changes, create, post, monkeypatch
):
    event = api_event("POST", body=PLAN, headers={"Idempotency-Key": KEY})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: handler(event, None), range(5 * AT_ONCE)))

    assert {(answer["statusCode"], answer["body"], answer["headers"]["Location"]) for answer in answers} == {
        (202, answers[0]["body"], answers[0]["headers"]["Location"])
    }
    (change,) = {change["changeId"]: change for change in changes()}.values()
    create(change)

    now = timestamps.now()
    for days in (1, 100, 1000):
        monkeypatch.setattr(timestamps, "now", lambda days=days: now + timedelta(days=days))
        answer = post()
        assert (answer.status, answer.text) == (202, answers[0]["body"])
    assert changes() == []


@pytest.mark.parametrize(
    "since",
    [
        {},
        {"price": "1.00", "version": 2},
        {"name": "Renamed", "version": 2},
        {"active": False, "version": 2},
    ],
    ids=["unchanged", "changed", "renamed", "withdrawn"],
)
def test_retry_after_the_product_is_there_gets_the_same_answer_and_queues_nothing(post, changes, create, since):
    first = post()
    create(*changes(), **since)

    retry = post()

    assert (retry.status, retry.body, retry.headers["Location"]) == (202, first.body, first.headers["Location"])
    assert changes() == []


def test_retry_gets_the_same_answer_when_another_product_has_the_name_by_now(post, changes, create, stored_product):
    first = post()
    create(*changes(), active=False)
    stored_product(name=PLAN["name"])

    retry = post()

    assert (retry.status, retry.body) == (202, first.body)
    assert changes() == []


def test_retry_of_a_creation_that_was_rejected_gets_the_same_answer(post, changes, reject, stored_product):
    first = post()
    reject(*changes())
    stored_product(name=PLAN["name"])

    retry = post()

    assert (retry.status, retry.body) == (202, first.body)
    assert changes() == []


WIDER = [
    {"price": 10.5, "currency": "JPY"},
    {"name": "Plan \u202eorP"},
    {"features": ["\u2800\u2800\u2800\u2800\u2800"]},
]


@pytest.mark.parametrize("wider", WIDER, ids=str)
def test_retry_of_what_an_earlier_release_took_gets_the_same_answer(post, changes, create, wider):
    fields = {**PLAN, "currency": "ZAR", "features": [], "active": True, **wider}
    fields["price"] = f"{fields['price']:.2f}"
    ids = CreationIds.derived("admin", KEY, fields)
    create({"productId": ids.product_id, "changeId": ids.change_id, "fields": fields})

    retry = post({**PLAN, **wider})

    assert (retry.status, retry.body["productId"], retry.body["changeId"]) == (202, ids.product_id, ids.change_id)
    assert changes() == []


@pytest.mark.parametrize("wider", WIDER, ids=str)
def test_what_an_earlier_release_took_is_refused_unless_it_is_a_retry(post, changes, create, wider):
    post()
    create(*changes())

    assert refusal(post({**PLAN, **wider}))[:2] == (400, "ValidationError")
    assert refusal(post({**PLAN, **wider}, key="another"))[:2] == (400, "ValidationError")
    assert refusal(post('{"price": 1e999999999}'))[:2] == (400, "ValidationError")
    assert changes() == []


def test_creation_that_was_refused_does_not_use_up_its_key(post, changes, stored_product):
    name = stored_product()["name"]
    for _ in range(2):
        assert refusal(post({**PLAN, "name": name})) == (409, "NameTaken", ["name"])

    assert post().status == 202
    assert [change["fields"]["name"] for change in changes()] == [PLAN["name"]]


def test_retry_may_write_the_same_in_another_way(post, changes, create):
    first = post()
    create(*changes())
    written = {"active": True, "billingCycle": "monthly", "currency": "ZAR", "features": [], "price": 299.90}

    retry = post({**written, "description": f" {PLAN['description']}\u00a0", "name": " WordPress Starter "})

    assert (retry.status, retry.body) == (202, first.body)


@pytest.mark.parametrize("other_key", ["order-2026-11-22/2", KEY.upper(), KEY + ",", [KEY, KEY]])
def test_another_key_asks_for_another_product(post, changes, other_key):
    first, other = post(), post(key=other_key)

    assert first.body["productId"] != other.body["productId"]
    assert first.body["changeId"] != other.body["changeId"]
    assert len(changes()) == 2


def test_keys_of_two_clients_are_no_matter_to_each_other(post, changes, create, monkeypatch):
    first = post()
    create(*changes())
    clients = {"admin": "admin-key", "partner": "partner-key"}
    fingerprints = {hashlib.sha256(key.encode()).hexdigest()[:16]: name for name, key in clients.items()}
    setting = {digits: {"name": name, "role": "writer"} for digits, name in fingerprints.items()}
    monkeypatch.setattr(function, "CLIENTS", ApiClients(json.dumps(setting)))

    own = post(headers={"x-api-key": "admin-key"})
    others = post({**PLAN, "name": "WordPress Partner"}, headers={"x-api-key": "partner-key"})

    assert own.body == first.body
    assert others.status == 202
    assert others.body["productId"] != first.body["productId"]
    assert [change["requestedBy"] for change in changes()] == ["partner"]


def test_requests_without_a_key_are_each_a_product_of_their_own(post, call, changes):
    with_key = post()
    without = [call(handler, "POST", body=PLAN) for _ in range(2)]

    assert len({answer.body["productId"] for answer in (with_key, *without)}) == 3
    assert len(changes()) == 3


# The same key for something else


@pytest.mark.parametrize(
    "other",
    [
        {"name": "WordPress Other"},
        {"price": 300},
        {"active": False},
        {"features": ["Daily backups"]},
        {"currency": "USD"},
    ],
    ids=str,
)
@pytest.mark.parametrize("decision", ["create", "reject"])
def test_key_is_refused_with_another_body(post, changes, request, decision, other):
    post()
    request.getfixturevalue(decision)(*changes())

    answer = post({**PLAN, **other})

    assert refusal(answer) == REUSED
    assert "new key" in answer.body["message"]
    assert changes() == []


def test_key_is_refused_with_another_body_before_the_name_is_looked_at(post, changes, create, stored_product):
    post()
    create(*changes())
    stored_product(name="WordPress Taken")

    assert refusal(post({**PLAN, "name": "WordPress Taken"})) == REUSED


def test_another_body_before_the_first_is_decided_is_left_to_the_creator(post, changes):
    first, other = post(), post({**PLAN, "price": 300})

    assert (first.status, other.status) == (202, 202)
    assert first.body["productId"] == other.body["productId"]
    assert first.body["changeId"] != other.body["changeId"]
    assert [change["changeId"] for change in changes()] == [first.body["changeId"], other.body["changeId"]]


# Names


def test_name_of_another_product_is_taken_with_a_key_too(post, changes, stored_product):
    stored_product(name=PLAN["name"])

    assert refusal(post()) == (409, "NameTaken", ["name"])
    assert changes() == []


def test_key_can_be_used_again_after_a_refusal(post, changes, stored_product):
    stored_product(name=PLAN["name"])
    post()

    assert post({**PLAN, "name": "WordPress Other"}).status == 202
    assert len(changes()) == 1


def test_name_that_the_same_creation_took_since_the_first_read_is_not_taken(post, changes, create, after_first_read):
    first = post()
    (change,) = changes()
    after_first_read(lambda: create(change))

    retry = post()

    assert (retry.status, retry.body) == (202, first.body)
    assert changes() == []


def test_name_that_went_on_to_another_product_since_the_first_read_leaves_the_answer_the_same(
    post, changes, create, stored_product, after_first_read
):
    first = post()
    (change,) = changes()

    def withdrawn_and_succeeded():
        create(change, active=False)
        stored_product(name=PLAN["name"])

    after_first_read(withdrawn_and_succeeded)

    retry = post()

    assert (retry.status, retry.body) == (202, first.body)
    assert changes() == []


def test_key_that_another_body_used_since_the_first_read_is_refused(post, changes, create, after_first_read):
    post({**PLAN, "price": 300})
    (change,) = changes()
    after_first_read(lambda: create(change))

    assert refusal(post()) == REUSED
    assert changes() == []


def test_name_that_another_product_took_since_the_first_read_is_taken(post, changes, stored_product, after_first_read):
    after_first_read(lambda: stored_product(name=PLAN["name"]))

    assert refusal(post()) == (409, "NameTaken", ["name"])
    assert changes() == []


# Bad input


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "k\n", "k\x00", "\x7f", "é", "🚀", ["k" * 200, "k" * 200]])
@pytest.mark.parametrize("body", [PLAN, "no JSON"], ids=["good body", "bad body"])
def test_bad_key_is_refused_by_its_name(post, changes, key, body):
    answer = post(body, key)

    assert refusal(answer) == (400, "ValidationError", ["Idempotency-Key"])
    assert "1 to 255 printable ASCII characters" in answer.body["message"]
    assert changes() == []


@pytest.mark.parametrize("key", ["k", "k" * 255, "a b", '"quoted"', "a, b", "~!@#$%^&*()"])
def test_printable_ascii_is_a_key(post, changes, key):
    assert post(key=key).body == post(key=key).body
    assert len({change["changeId"] for change in changes()}) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"body": "no JSON"}, (400, "ValidationError", ["body"])),
        ({"body": {**PLAN, "price": 0}}, (400, "ValidationError", ["price"])),
        ({"body": {**PLAN, "description": "x" * (32 * 1024)}}, (413, "PayloadTooLarge", ["body"])),
        ({"headers": {"Content-Type": "text/plain"}}, (415, "UnsupportedMediaType", ["Content-Type"])),
    ],
    ids=["no JSON", "bad field", "too large", "not JSON"],
)
def test_body_is_refused_before_the_key_is_compared(post, changes, create, more, expected):
    post()
    create(*changes())

    assert refusal(post(**more)) == expected


@pytest.mark.parametrize("key", [KEY, ""])
def test_reader_learns_nothing_of_keys(post, reader_key, key):
    assert refusal(post(key=key, headers={"x-api-key": reader_key})) == (403, "Forbidden", [])


# Failures


def test_retry_after_a_failure_to_read_is_a_first_request(post, changes, aws_fails):
    aws_fails(function.TABLE.client, "GetItem", times=2)

    assert refusal(post()) == (503, "ServiceUnavailable", [])
    assert changes() == []
    assert post().status == 202
    assert len(changes()) == 1


def test_retry_after_an_answer_that_was_lost_is_the_change_that_was_queued(post, changes, aws_fails):
    aws_fails(function.QUEUE._client, "SendMessage", times=2, lost=True)

    assert refusal(post()) == (503, "ServiceUnavailable", [])
    retry = post()

    assert retry.status == 202
    assert {(change["productId"], change["changeId"]) for change in changes()} == {
        (retry.body["productId"], retry.body["changeId"])
    }


# Logs


def test_retry_is_logged_with_its_ids_and_without_its_key(post, changes, create, logged):
    first = post()
    create(*changes())
    post(request_id="r-2")

    *_, repeated, answered = logged()
    assert (repeated["change_id"], repeated["product_id"]) == (first.body["changeId"], first.body["productId"])
    assert (repeated["request_id"], answered["request_id"], answered["status"]) == ("r-2", "r-2", 202)
    assert KEY not in repr(logged())


@pytest.mark.parametrize(
    ("body", "change_id"),
    [
        ({}, "2cdae0d4-e4aa-5a4a-974a-490c48382628"),
        ({"price": 1e2}, "2240ecf8-846a-551c-a518-49d3c28af26b"),
        ({"name": " Cafe\u0301 日本 "}, "f559370e-722f-5620-8edd-4a854a25812b"),
        ({"currency": "USD", "features": ["Daily backups"], "active": False}, "20d3dc64-4a06-5036-aee7-a91b6dfe0f54"),
    ],
    ids=["least", "price", "name", "whole"],
)
def test_request_has_these_ids_for_ever(post, changes, body, change_id):
    """Through validation, whose defaults are part of it: a retry of a request from before must find what it made."""
    post({**PLAN, **body})

    (change,) = changes()
    assert (change["productId"], change["changeId"]) == ("0f2be2cd-220f-5637-9bdd-6b6970b89947", change_id)
