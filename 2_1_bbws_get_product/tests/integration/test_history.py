"""GET /v1.0/products/{productId}/changes, as a caller sees it."""

from __future__ import annotations

import os
import time
import uuid

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import handler as function
from common import cursors
from common.attribute_values import to_item
from common.change_record import RECORD_ATTRIBUTES
from common.head import Head
from common.product import public
from common.product_table import head_key, marker_key, record_key
from handler import handler

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
ENDPOINT = "https://dynamodb.example"
DAY_SECONDS = 24 * 60 * 60


def product_at(version, product_id=PRODUCT_ID, **fields):
    """Return a product as a change record holds it."""
    return {
        "productId": product_id,
        "name": "WordPress Größe 日本",
        "description": "Hosting for one WordPress site",
        "price": f"{version}.90",
        "currency": "ZAR",
        "billingCycle": "monthly",
        "features": ["Free SSL certificate"],
        "active": True,
        "version": version,
        "dateCreated": "2026-11-22T08:00:00.123456Z",
        "dateLastUpdated": "2026-11-23T08:00:00.123456Z",
        "lastUpdatedBy": "admin",
        **fields,
    }


def change_id_of(product_id, sequence):
    return str(uuid.uuid5(uuid.UUID(product_id), str(sequence)))


def record_at(sequence, product_id=PRODUCT_ID, **values):
    """Return a change record: unless told otherwise, of a change of price that made the version of its sequence."""
    return {
        "recordVersion": 1,
        "sequence": sequence,
        "changeId": change_id_of(product_id, sequence),
        "changeType": "UPDATE" if sequence > 1 else "CREATE",
        "productId": product_id,
        "status": "APPLIED",
        "reason": None,
        "requestedAt": "2026-11-23T08:00:00.123456Z",
        "requestedBy": "admin",
        "requestId": f"r-{sequence}",
        "expectedVersion": None,
        "fields": {"price": f"{sequence}.90"},
        "appliedAt": "2026-11-23T08:00:00.223456Z",
        "version": sequence,
        "before": product_at(sequence - 1, product_id) if sequence > 1 else None,
        "after": product_at(sequence, product_id),
        "previousHash": f"{sequence - 1:064d}" if sequence > 1 else None,
        "hash": f"{sequence:064d}",
        **values,
    }


class History:
    """A product's items, as the creator stores them."""

    def __init__(self, table, product_id=PRODUCT_ID):
        self.table = table
        self.product_id = product_id
        self.sequence = 0
        self.product = None

    def append(self, count=1, expires_in=90 * DAY_SECONDS, **values):
        """Store records, and return the last of them."""
        items = []
        for _ in range(count):
            self.sequence += 1
            record = record_at(self.sequence, self.product_id, **values)
            self.product = record["after"]
            expires_at = int(time.time()) + expires_in
            marker = {"productId": self.product_id, "sequence": self.sequence, "expiresAt": expires_at}
            items += [
                {**marker_key(record["changeId"]), **marker},
                {
                    **record_key(self.product_id, self.sequence),
                    "entityType": "CHANGE",
                    "expiresAt": expires_at,
                    **record,
                },
            ]
        head = Head(
            sequence=self.sequence,
            last_hash=f"{self.sequence:064d}",
            create_change_id=change_id_of(self.product_id, 1),
            product=self.product,
        )
        items.append({**head_key(self.product_id), **head.attributes(self.product_id)})
        self.write([{"PutRequest": {"Item": to_item(item)}} for item in items])
        return record

    def remove(self, *sequences):
        """Remove records and their markers, as DynamoDB does once they have expired."""
        keys = [record_key(self.product_id, sequence) for sequence in sequences]
        keys += [marker_key(change_id_of(self.product_id, sequence)) for sequence in sequences]
        self.write([{"DeleteRequest": {"Key": to_item(key)}} for key in keys])

    def clear(self):
        """Begin anew."""
        self.remove(*range(1, self.sequence + 1))
        self.write([{"DeleteRequest": {"Key": to_item(head_key(self.product_id))}}])
        self.sequence = 0

    def write(self, requests):
        for start in range(0, len(requests), 25):
            self.table.client.batch_write_item(RequestItems={self.table.name: requests[start : start + 25]})


@pytest.fixture
def history(table):
    """Return the history of the product, empty: there is no head either."""
    return History(table)


@pytest.fixture
def ask(call):
    """Return a function that asks for a page of the product's history, or for one of its changes."""

    def send(product_id=PRODUCT_ID, *, key=..., headers=None, request_id="r-1", **query):
        more = {} if key is ... else {"key": key}
        return call(
            handler, "GET", product_id, below="changes", query=query, headers=headers, request_id=request_id, **more
        )

    return send


@pytest.fixture
def sent():
    """Return the requests that DynamoDB gets in this test: the operation, and whether it is a consistent read."""
    seen = []
    events = function.TABLE.client.meta.events

    def remember(params, event_name, **_):
        seen.append((event_name.rpartition(".")[2], params["ConsistentRead"]))

    events.register("provide-client-params.dynamodb", remember)
    yield seen
    events.unregister("provide-client-params.dynamodb", remember)


def sequences(answer):
    """Return the sequences on a page."""
    assert answer.status == 200, answer.text
    assert set(answer.body) == {"changes", "count", "nextCursor", "archivedThrough"}
    assert answer.body["count"] == len(answer.body["changes"])
    return [change["sequence"] for change in answer.body["changes"]]


def rest(answer):
    """Return what a page says of those that follow: whether there is one, and which records the bucket alone has."""
    return answer.body["nextCursor"] is not None, answer.body["archivedThrough"]


def refusal(answer):
    """Return status, code and fields at fault of a refusal."""
    return answer.status, answer.body["error"], [detail["field"] for detail in answer.body.get("details", [])]


# What is shown


def test_change_is_shown_with_its_whole_record_and_nothing_else(ask, history):
    history.append()
    record = history.append(expectedVersion=1)

    answer = ask(limit="1")

    (shown,) = answer.body["changes"]
    assert shown == {
        **record,
        "fields": {"price": 2.9},
        "changed": ["price"],
        "before": public(record["before"]),
        "after": public(record["after"]),
    }
    assert set(shown) == {*RECORD_ATTRIBUTES, "changed"}
    assert answer.headers["Content-Type"] == "application/json"


def test_change_is_shown_with_what_its_caller_said_of_who_asked_and_why(ask, history):
    history.append(recordVersion=2, actingUser="Zoë", changeNote="A new price")
    history.append(recordVersion=2, changeNote="Another")

    newest, oldest = ask().body["changes"]
    assert (oldest["actingUser"], oldest["changeNote"]) == ("Zoë", "A new price")
    assert newest["changeNote"] == "Another"
    assert "actingUser" not in newest


def test_prices_are_json_numbers_and_what_was_not_asked_stays_out(ask, history):
    history.append()
    history.append(fields={"name": "Another", "active": False})

    text = ask().text

    assert '"fields": {"name": "Another", "active": false}' in text
    assert text.count('"price": 1.9') == 3
    assert '"price": "' not in text


def test_history_is_newest_first(ask, history):
    history.append(12)

    assert sequences(ask()) == list(range(12, 0, -1))


def test_page_has_20_records_unless_a_limit_is_given(ask, history):
    history.append(25)

    assert len(sequences(ask())) == 20
    assert len(sequences(ask(limit="3"))) == 3
    assert len(sequences(ask(limit="100"))) == 25


def test_rejected_and_superseded_changes_are_shown_with_their_reason_and_what_was_asked(ask, history):
    history.append()
    now = product_at(1)
    unchanged = {"version": 1, "before": now, "after": now}
    history.append(status="REJECTED", reason="NameTaken", fields={"name": "Taken", "price": "5.00"}, **unchanged)
    history.append(status="SUPERSEDED", reason="NewerChangeApplied", **unchanged)

    superseded, rejected, applied = ask().body["changes"]

    assert [(change["status"], change["reason"]) for change in (superseded, rejected, applied)] == [
        ("SUPERSEDED", "NewerChangeApplied"),
        ("REJECTED", "NameTaken"),
        ("APPLIED", None),
    ]
    assert rejected["fields"] == {"name": "Taken", "price": 5.0}
    assert superseded["before"] == superseded["after"] == public(now)


def test_history_of_a_withdrawn_product_is_shown(ask, history):
    history.append()
    history.append(changeType="DELETE", fields={"active": False}, after=product_at(2, active=False))

    answer = ask()

    assert sequences(answer) == [2, 1]
    assert answer.body["changes"][0]["after"]["active"] is False


def test_history_of_a_product_whose_creation_was_rejected_is_shown(ask, history):
    history.append(status="REJECTED", reason="NameTaken", version=0, after=None)

    answer = ask()

    assert sequences(answer) == [1]
    assert (answer.body["changes"][0]["before"], answer.body["changes"][0]["after"]) == (None, None)


def test_other_products_changes_stay_out(ask, history, table):
    other = History(table, "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5c")
    other.append(3)
    history.append(2)

    assert {change["productId"] for change in ask().body["changes"]} == {PRODUCT_ID}


def test_id_may_be_written_in_capitals(ask, history):
    history.append(2)

    assert sequences(ask(PRODUCT_ID.upper())) == [2, 1]


def test_allowed_origin_may_read_the_answer(ask, history):
    history.append()

    answer = ask(headers={"Origin": "https://shop.example"})

    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"


# Pages


def test_pages_follow_one_another(ask, history):
    history.append(7)

    first = ask(limit="3")
    second = ask(limit="3", cursor=first.body["nextCursor"])
    last = ask(limit="3", cursor=second.body["nextCursor"])

    assert [sequences(page) for page in (first, second, last)] == [[7, 6, 5], [4, 3, 2], [1]]
    assert [rest(page) for page in (first, second, last)] == [(True, None), (True, None), (False, None)]


def test_page_that_ends_with_the_first_record_is_the_last(ask, history):
    history.append(6)

    first = ask(limit="3")
    last = ask(limit="3", cursor=first.body["nextCursor"])

    assert (sequences(last), rest(last)) == ([3, 2, 1], (False, None))


def test_page_that_ends_with_the_oldest_record_left_is_the_last_and_says_what_the_bucket_has(ask, history):
    history.append(9)
    history.remove(1, 2, 3)

    first = ask(limit="3")
    last = ask(limit="3", cursor=first.body["nextCursor"])

    assert (sequences(first), rest(first)) == ([9, 8, 7], (True, None))
    assert (sequences(last), rest(last)) == ([6, 5, 4], (False, 3))


def test_last_page_says_up_to_which_record_the_bucket_alone_has_them(ask, history):
    history.append(5)
    history.remove(1, 2)

    assert (sequences(ask()), rest(ask())) == ([5, 4, 3], (False, 2))


def test_history_whose_records_have_all_been_removed_says_that_the_bucket_has_them(ask, history):
    history.append(5)
    history.remove(1, 2, 3, 4, 5)

    assert (sequences(ask()), rest(ask())) == ([], (False, 5))


def test_record_that_follows_a_long_pause_is_shown(ask, history):
    history.append(3)
    history.remove(1, 2, 3)
    history.append()

    assert (sequences(ask()), rest(ask())) == ([4], (False, 3))


def test_expired_record_counts_as_removed_in_whatever_order_dynamodb_removes_them(ask, history):
    history.append(5, expires_in=-1)
    history.append(2)
    history.remove(2, 4)

    for limit, count in {"1": 2, "2": 1, "3": 1, "100": 1}.items():
        pages = [ask(limit=limit)]
        while pages[-1].body["nextCursor"]:
            pages.append(ask(limit=limit, cursor=pages[-1].body["nextCursor"]))

        assert len(pages) == count
        assert [sequence for page in pages for sequence in sequences(page)] == [7, 6]
        assert rest(pages[-1]) == (False, 5)


def test_history_of_expired_records_says_that_the_bucket_has_them(ask, history):
    history.append(5, expires_in=-1)
    history.remove(5)

    assert (sequences(ask()), rest(ask())) == ([], (False, 5))


def test_expired_record_ends_the_history_even_if_an_older_one_has_not_expired(ask, history):
    """The clock that decided the older change may have been ahead."""
    history.append()
    history.append(expires_in=-1)
    history.append()

    assert (sequences(ask()), rest(ask())) == ([3], (False, 2))


def test_record_that_was_removed_between_two_pages_ends_the_history(ask, history):
    history.append(6)
    first = ask(limit="2")
    history.remove(1, 2, 3)

    second = ask(limit="2", cursor=first.body["nextCursor"])

    assert (sequences(second), rest(second)) == ([4], (False, 3))


def test_history_ends_where_everything_behind_a_cursor_was_removed(ask, history):
    history.append(6)
    first = ask(limit="2")
    history.remove(1, 2, 3, 4, 5)

    second = ask(limit="2", cursor=first.body["nextCursor"])

    assert (sequences(second), rest(second)) == ([], (False, 4))


def test_change_between_two_pages_moves_nothing(ask, history):
    history.append(6)
    first = ask(limit="2")
    history.append(3)

    assert sequences(ask(limit="2", cursor=first.body["nextCursor"])) == [4, 3]


def test_next_page_may_have_another_size(ask, history):
    history.append(9)
    first = ask(limit="2")

    assert sequences(ask(limit="100", cursor=first.body["nextCursor"])) == [7, 6, 5, 4, 3, 2, 1]


def test_page_of_very_large_records_is_shorter_and_has_a_next_one(ask, history):
    # 25 such records are more than the megabyte that DynamoDB reads at once.
    large = {"description": "🚀" * 500, "features": ["🚀" * 200] * 20}
    history.append(25, fields=large, before=product_at(1, **large), after=product_at(2, **large))

    pages = [ask(limit="100")]
    while pages[-1].body["nextCursor"]:
        pages.append(ask(limit="100", cursor=pages[-1].body["nextCursor"]))

    assert len(pages) > 1
    assert [sequence for page in pages for sequence in sequences(page)] == list(range(25, 0, -1))
    assert rest(pages[-1]) == (False, None)


def test_page_that_dynamodb_cuts_right_behind_the_first_record_is_the_last(ask, history, monkeypatch):
    """It may say that there is more without knowing of any."""
    history.append(3)
    query = function.TABLE.client.query
    monkeypatch.setattr(
        function.TABLE.client,
        "query",
        lambda **asked: {**query(**asked), "LastEvaluatedKey": to_item(record_key(PRODUCT_ID, 1))},
    )

    assert (sequences(ask()), rest(ask())) == ([3, 2, 1], (False, None))


def test_first_change_that_is_applied_while_the_history_is_read_is_not_called_archived(ask, history, monkeypatch):
    history.append()
    query = function.TABLE.client.query
    before = iter([{"Items": []}])
    monkeypatch.setattr(function.TABLE.client, "query", lambda **asked: next(before, None) or query(**asked))

    assert (sequences(ask()), rest(ask())) == ([1], (False, None))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), count=st.integers(0, 12))
def test_pages_of_any_sizes_show_each_record_once_and_newest_first_whatever_comes_and_goes(ask, history, data, count):
    history.clear()
    # Short ones, because there are thousands.
    rejected = {"status": "REJECTED", "version": 0, "fields": {}, "before": None, "after": None}
    history.append(1 + count, **rejected)
    newest, removed = history.sequence, 0
    shown, cursor = [], {}
    while cursor is not None:
        gone = data.draw(st.integers(removed, history.sequence), label="oldest records that are gone")
        history.remove(*range(removed + 1, gone + 1))
        removed = gone
        limit = data.draw(st.integers(1, 7) | st.just(100), label="limit")
        page = ask(limit=str(limit), **cursor)

        left = [sequence for sequence in range(newest - len(shown), 0, -1) if sequence > removed]
        assert sequences(page) == left[:limit]
        shown += left[:limit]
        more = len(left) > limit
        only_in_the_bucket = newest - len(shown)
        assert rest(page) == (more, None if more or not only_in_the_bucket else only_in_the_bucket)
        cursor = {"cursor": page.body["nextCursor"]} if more else None
        for _ in range(data.draw(st.integers(0, 1), label="changes in between")):
            history.append(**rejected)


# Conditions


def test_page_that_the_caller_has_is_not_sent_again_until_it_says_something_else(ask, history):
    history.append(2)
    tag = ask().headers["ETag"]

    answer = ask(headers={"If-None-Match": tag})
    assert (answer.status, answer.text, answer.headers["ETag"]) == (304, "", tag)
    assert "Content-Type" not in answer.headers
    history.append()
    assert ask(headers={"If-None-Match": tag}).status == 200


def test_page_is_read_if_it_is_what_the_caller_wants_which_a_weak_tag_never_says(ask, history):
    history.append(2)

    assert ask(headers={"If-Match": "*"}).status == 200
    for condition in ('"2"', ask().headers["ETag"]):
        assert refusal(ask(headers={"If-Match": condition})) == (412, "VersionMismatch", ["If-Match"])


@pytest.mark.parametrize("field", ["If-Match", "If-None-Match"])
def test_malformed_condition_is_refused_by_its_name(ask, history, field):
    assert refusal(ask(headers={field: "malformed"})) == (400, "ValidationError", [field])


# One change


def test_change_is_found_by_its_id(ask, history):
    history.append(5)

    answer = ask(changeId=change_id_of(PRODUCT_ID, 3))

    assert (sequences(answer), rest(answer)) == ([3], (False, None))
    assert answer.body["changes"][0] == ask().body["changes"][2]


def test_change_id_may_be_written_in_capitals(ask, history):
    history.append(2)

    assert sequences(ask(changeId=change_id_of(PRODUCT_ID, 2).upper())) == [2]


def test_change_that_is_not_decided_yet_is_not_found_until_it_is(ask, history):
    history.append()
    pending = change_id_of(PRODUCT_ID, 2)

    before = ask(changeId=pending)
    history.append()
    after = ask(changeId=pending)

    assert refusal(before) == (404, "NotFound", [])
    assert pending in before.body["message"]
    assert "pending" in before.body["message"]
    assert sequences(after) == [2]


# Waiting for a change


def test_change_that_is_decided_is_shown_without_waiting(ask, history, clock):
    history.append()

    assert sequences(ask(changeId=change_id_of(PRODUCT_ID, 1), wait="10")) == [1]
    assert clock.pauses == []


def test_change_that_is_waited_for_is_shown_as_soon_as_it_is_decided(ask, history, clock, measured):
    clock.after(2, history.append)

    answer = ask(changeId=change_id_of(PRODUCT_ID, 1), wait="10")

    assert sequences(answer) == [1]
    assert 2 <= clock.monotonic() <= 3
    # That it took so long says nothing of how fast the service is.
    assert measured() == []


@pytest.mark.parametrize("seconds", [0, 1, 10])
def test_change_that_is_not_decided_in_time_may_be_asked_for_again_in_a_second(ask, history, clock, seconds):
    answer = ask(changeId=change_id_of(PRODUCT_ID, 1), wait=str(seconds))

    assert refusal(answer) == (404, "NotFound", [])
    assert "pending" in answer.body["message"]
    assert answer.headers["Retry-After"] == "1"
    assert clock.monotonic() == pytest.approx(seconds)


def test_who_does_not_ask_is_not_kept_waiting(ask, history, clock):
    answer = ask(changeId=change_id_of(PRODUCT_ID, 1), headers={"Prefer": "wait=10"})

    assert refusal(answer) == (404, "NotFound", [])
    assert "Retry-After" not in answer.headers
    assert clock.pauses == []


@pytest.mark.parametrize("wait", ["11", "100", "1.5", "-1", "+1", "", " 1", "٥", "1s", ["1", "1"]])
def test_wait_that_is_no_number_of_seconds_is_refused(ask, history, clock, wait):
    answer = ask(changeId=change_id_of(PRODUCT_ID, 1), wait=wait)

    assert refusal(answer) == (400, "ValidationError", ["wait"])
    assert clock.pauses == []


def test_wait_needs_a_change_to_wait_for(ask, history, clock):
    assert refusal(ask(wait="5")) == (400, "ValidationError", ["wait"])
    assert refusal(ask(wait="5", limit="2")) == (400, "ValidationError", ["wait"])


def test_creation_that_is_not_decided_yet_may_be_pending(ask, table):
    answer = ask(changeId=change_id_of(PRODUCT_ID, 1))

    assert refusal(answer) == (404, "NotFound", [])
    assert "pending" in answer.body["message"]


def test_change_of_another_product_is_not_found(ask, history, table):
    other = History(table, "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5c")
    other.append(2)
    history.append(2)

    assert refusal(ask(changeId=change_id_of(other.product_id, 2))) == (404, "NotFound", [])


@pytest.mark.parametrize("left", ["nothing", "marker", "record", "marker and record"])
def test_change_that_has_expired_is_not_found_whatever_dynamodb_has_removed(ask, history, left):
    record = history.append(expires_in=-1)
    keys = {"marker": marker_key(record["changeId"]), "record": record_key(PRODUCT_ID, 1)}
    for name, key in keys.items():
        if name not in left:
            history.table.client.delete_item(TableName=history.table.name, Key=to_item(key))

    answer = ask(changeId=record["changeId"])

    assert refusal(answer) == (404, "NotFound", [])
    assert "90 days" in answer.body["message"]


# Who may


def test_readers_may_not_see_histories(ask, history, reader_key):
    history.append()

    for query in ({}, {"changeId": change_id_of(PRODUCT_ID, 1)}):
        answer = ask(key=reader_key, **query)

        assert refusal(answer) == (403, "Forbidden", [])
        assert "history" in answer.body["message"]


def test_reader_is_refused_before_the_request_is_looked_at(ask, table, reader_key):
    assert refusal(ask("no-uuid", key=reader_key, limit="0")) == (403, "Forbidden", [])
    assert refusal(ask(UNKNOWN, key=reader_key)) == (403, "Forbidden", [])


@pytest.mark.parametrize("key", [None, "", "a-wrong-key"])
def test_key_of_no_client_is_forbidden(ask, history, key):
    history.append()

    assert refusal(ask(key=key)) == (403, "Forbidden", [])


# Refusals


def test_unknown_product_is_not_found(ask, history):
    history.append()

    answer = ask(UNKNOWN)

    assert refusal(answer) == (404, "ProductNotFound", [])
    assert UNKNOWN in answer.body["message"]


@pytest.mark.parametrize("product_id", ["1", "METADATA", PRODUCT_ID[:-1], PRODUCT_ID.replace("-", "")])
def test_id_that_is_no_uuid_is_refused(ask, table, product_id):
    assert refusal(ask(product_id)) == (400, "ValidationError", ["productId"])


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        ({"limit": "0"}, "limit", "a whole number from 1 to 100"),
        ({"limit": "101"}, "limit", "a whole number from 1 to 100"),
        ({"limit": "x"}, "limit", "a whole number from 1 to 100"),
        ({"limit": ""}, "limit", "a whole number from 1 to 100"),
        ({"limit": ["1", "2"]}, "limit", "must be given once"),
        ({"cursor": ["a", "b"]}, "cursor", "must be given once"),
        ({"changeId": ""}, "changeId", "must be a UUID"),
        ({"changeId": "x"}, "changeId", "must be a UUID"),
        ({"changeId": f"{PRODUCT_ID} "}, "changeId", "must be a UUID"),
        ({"changeId": [PRODUCT_ID, PRODUCT_ID]}, "changeId", "must be given once"),
        ({"changeId": PRODUCT_ID, "limit": "1"}, "changeId", "cannot be combined with limit or cursor"),
        ({"changeId": PRODUCT_ID, "cursor": "x"}, "changeId", "cannot be combined with limit or cursor"),
        ({"order": "asc"}, "order", "is not a parameter; these are: limit, cursor, changeId"),
        ({"ChangeId": PRODUCT_ID}, "ChangeId", "is not a parameter"),
    ],
)
def test_wrong_parameter_is_refused_by_its_name_with_what_is_allowed(ask, history, query, field, allowed):
    history.append()

    answer = ask(**query)

    assert refusal(answer) == (400, "ValidationError", [field])
    assert allowed in answer.body["details"][0]["message"]


def test_every_wrong_parameter_is_named_at_once(ask, table):
    answer = ask(limit="0", changeId="x", colour="red")

    assert answer.status == 400
    assert {detail["field"] for detail in answer.body["details"]} == {"limit", "changeId", "colour"}


@pytest.fixture
def next_cursor(ask, history):
    history.append(5)
    return ask(limit="2").body["nextCursor"]


def test_cursor_of_another_products_history_is_refused(ask, table, next_cursor):
    other = History(table, "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5c")
    other.append(5)

    assert refusal(ask(other.product_id, cursor=next_cursor)) == (400, "InvalidCursor", ["cursor"])


@pytest.mark.parametrize(
    "spoil", [lambda made: made[:-1], lambda made: made[:5], lambda made: made + "A", str.swapcase]
)
def test_cursor_cut_or_altered_is_refused(ask, next_cursor, spoil):
    assert refusal(ask(cursor=spoil(next_cursor))) == (400, "InvalidCursor", ["cursor"])


@pytest.mark.parametrize("made_up", ["", "x", "null", "4", "eyJhIjoxfQ==", "日本", "../../etc/passwd"])
def test_made_up_cursor_is_refused(ask, history, made_up):
    history.append(5)

    assert refusal(ask(cursor=made_up)) == (400, "InvalidCursor", ["cursor"])


@pytest.mark.parametrize("position", ["", "0", "1", "-1", "07", "x", "4 ", "1.5", "٣", "12345678901", "9" * 500])
def test_forged_cursor_to_where_no_history_leads_is_refused(ask, history, position):
    """DynamoDB fails when a range of keys ends before it begins, which the caller would see as a 500."""
    history.append(5)
    forged = cursors.encode(["changes", PRODUCT_ID], position)

    assert refusal(ask(cursor=forged)) == (400, "InvalidCursor", ["cursor"])


def test_forged_cursor_from_beyond_the_history_shows_what_there_is(ask, history):
    history.append(5)
    history.remove(1, 2, 3, 4, 5)
    forged = cursors.encode(["changes", PRODUCT_ID], "9999999999")

    answer = ask(cursor=forged)

    assert (sequences(answer), rest(answer)) == ([], (False, 5))


def test_forged_cursor_of_an_unknown_product_finds_none(ask, table):
    forged = cursors.encode(["changes", UNKNOWN], "7")

    assert refusal(ask(UNKNOWN, cursor=forged)) == (404, "ProductNotFound", [])


# Failures

FAILURES = [
    {"status": 500, "code": "InternalServerError"},
    {"status": 503, "code": "ServiceUnavailable"},
    {"status": 400, "code": "ThrottlingException"},
    {"status": 400, "code": "ProvisionedThroughputExceededException"},
    {"error": ReadTimeoutError(endpoint_url=ENDPOINT)},
    {"error": ConnectTimeoutError(endpoint_url=ENDPOINT)},
    {"error": EndpointConnectionError(endpoint_url=ENDPOINT)},
]


@pytest.mark.parametrize(
    "failure", FAILURES, ids=lambda failure: failure.get("code") or type(failure["error"]).__name__
)
@pytest.mark.parametrize(
    ("operation", "query", "removed"),
    [("Query", {}, False), ("GetItem", {}, True), ("GetItem", {"changeId": change_id_of(PRODUCT_ID, 1)}, False)],
    ids=["records", "head", "change"],
)
def test_failure_of_dynamodb_is_a_503_that_says_when_to_try_again(
    ask, history, aws_fails, failure, operation, query, removed
):
    history.append()
    if removed:
        history.remove(1)
    aws_fails(function.TABLE.client, operation, **failure)

    answer = ask(**query)

    assert refusal(answer) == (503, "ServiceUnavailable", [])
    assert int(answer.headers["Retry-After"]) >= 1


def test_single_failure_of_dynamodb_is_not_noticed(ask, history, aws_fails):
    history.append(2)
    aws_fails(function.TABLE.client, "Query", status=500, code="InternalServerError", times=1)

    assert sequences(ask()) == [2, 1]


def test_refusal_by_dynamodb_is_a_500_that_gives_nothing_away(ask, table, aws_fails):
    aws_fails(function.TABLE.client, "Query", status=400, code="AccessDeniedException")

    answer = ask()

    assert refusal(answer) == (500, "InternalError", [])
    assert "AccessDenied" not in answer.text


def test_missing_table_is_a_500_that_does_not_name_it(ask):
    answer = ask()

    assert refusal(answer) == (500, "InternalError", [])
    assert os.environ["TABLE_NAME"] not in answer.text


# What it costs


@pytest.mark.parametrize("limit", ["1", "20", "100"])
def test_page_is_one_consistent_query_however_long_the_history_is(ask, history, sent, limit):
    history.append(30)

    ask(limit=limit)

    assert sent == [("Query", True)]


def test_page_reads_one_record_more_than_it_shows(ask, history):
    history.append(30)
    asked = []

    def remember(params, **_):
        asked.append(params["Limit"])

    events = function.TABLE.client.meta.events
    events.register("provide-client-params.dynamodb.Query", remember)
    try:
        ask(limit="7")
    finally:
        events.unregister("provide-client-params.dynamodb.Query", remember)

    assert asked == [8]


def test_one_change_is_two_consistent_reads(ask, history, sent):
    history.append(5)

    ask(changeId=change_id_of(PRODUCT_ID, 3))

    assert sent == [("GetItem", True), ("GetItem", True)]


def test_log_holds_neither_key_nor_customer_text(ask, history, logged, writer_key):
    history.append(fields={"name": "Secret plan"}, after=product_at(1, name="Secret plan"))

    ask(request_id="r-1")

    (entry,) = logged()
    assert (entry["route"], entry["request_id"], entry["status"]) == (
        "/v1.0/products/{productId}/changes",
        "r-1",
        200,
    )
    assert "Secret" not in repr(entry)
    assert writer_key not in repr(entry)
