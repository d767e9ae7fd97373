"""Changes, and the queue that they wait in."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from common import timestamps
from common.change import ChangeQueue, new_change

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"


def a_change(**more):
    return new_change("UPDATE", PRODUCT_ID, {"name": "Größe 日本"}, requested_by="admin", request_id="r-1", **more)


def test_change_that_says_who_asked_and_why_is_for_readers_that_know_it():
    attribution = {"actingUser": "Zoë", "changeNote": "A new name"}
    plain, stated = a_change(change_id="c-1"), a_change(change_id="c-1", attribution=attribution)

    assert {**stated, "requestedAt": ""} == {**plain, "requestedAt": "", "schemaVersion": 2, **attribution}
    assert a_change(attribution={"changeNote": "A new name"})["schemaVersion"] == 2
    assert list(a_change(attribution={})) == list(plain)
    assert a_change(attribution={})["schemaVersion"] == 1


def test_change_has_the_shape_of_the_message():
    before = datetime.now(UTC)
    change = a_change()

    assert list(change) == [
        "schemaVersion",
        "changeId",
        "changeType",
        "productId",
        "requestedAt",
        "requestedBy",
        "requestId",
        "expectedVersion",
        "fields",
    ]
    assert change["schemaVersion"] == 1
    assert change["changeType"] == "UPDATE"
    assert change["productId"] == PRODUCT_ID
    assert (change["requestedBy"], change["requestId"]) == ("admin", "r-1")
    assert change["expectedVersion"] is None
    assert change["fields"] == {"name": "Größe 日本"}
    assert before <= timestamps.from_text(change["requestedAt"]) <= datetime.now(UTC)


def test_each_change_has_an_id_of_its_own():
    ids = [a_change()["changeId"] for _ in range(100)]

    assert len(set(ids)) == 100
    assert all(str(uuid.UUID(id_)) == id_ for id_ in ids)


def test_id_can_be_given():
    assert (
        a_change(change_id="9d0f6a7e-5d4a-5b6f-9c7e-8a1d2e3f4a5b")["changeId"] == "9d0f6a7e-5d4a-5b6f-9c7e-8a1d2e3f4a5b"
    )


def test_expected_version_goes_with_the_change():
    assert a_change(expected_version=3)["expectedVersion"] == 3


def test_slow_clock_does_not_make_a_later_request_look_older():
    last_updated = timestamps.to_text(datetime.now(UTC) + timedelta(minutes=3))

    assert a_change(last_updated=last_updated)["requestedAt"] > last_updated


def test_product_that_was_updated_long_ago_leaves_the_clock_as_it_is():
    before = timestamps.to_text(datetime.now(UTC))

    assert a_change(last_updated="2020-01-01T00:00:00.000000Z")["requestedAt"] >= before


def test_queued_change_is_the_message(sqs, change_queue_url, queued):
    change = a_change()

    ChangeQueue(sqs, change_queue_url).send(change)

    assert queued(change_queue_url) == [change]


def test_message_is_readable_utf_8(sqs, change_queue_url):
    ChangeQueue(sqs, change_queue_url).send(a_change())

    (message,) = sqs.receive_message(QueueUrl=change_queue_url)["Messages"]
    assert "Größe 日本" in message["Body"]
    assert json.loads(message["Body"])["fields"] == {"name": "Größe 日本"}


def test_queuing_is_logged_with_ids_and_without_fields(sqs, change_queue_url, logged):
    change = a_change()

    ChangeQueue(sqs, change_queue_url).send(change)

    (entry,) = logged()
    assert entry["level"] == "INFO"
    assert (entry["change_id"], entry["product_id"]) == (change["changeId"], PRODUCT_ID)
    assert (entry["change_type"], entry["client"]) == ("UPDATE", "admin")
    assert "Größe" not in repr(entry)


def test_failure_to_queue_reaches_the_caller_and_is_not_logged_as_done(
    sqs, change_queue_url, queued, aws_fails, logged
):
    aws_fails(sqs, "SendMessage")

    with pytest.raises(ClientError):
        ChangeQueue(sqs, change_queue_url).send(a_change())

    assert queued(change_queue_url) == []
    assert logged() == []
