"""What a change leaves in the table: the head, its record, the done marker and the claim to the name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from boto3.dynamodb.conditions import Key
from stack import (
    FIELD_NAMES,
    PRODUCT_ATTRIBUTES,
    RECORD_ATTRIBUTES,
    assert_chained,
    creation,
    eventually,
    moment,
    new_name,
    stamp,
    update,
    withdrawal,
    without_later,
)

if TYPE_CHECKING:
    from stack import Change, Json, Stack

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def name_of(change: Change) -> str:
    fields = change["fields"]
    assert isinstance(fields, dict)
    return str(fields["name"])


def test_creation_leaves_a_head_that_is_the_product(stack: Stack) -> None:
    name = new_name("Größe STRASSE")
    change = creation(name=name, price="99.50", features=["First feature"])
    product_id = change["productId"]
    stack.apply(change)
    (record,) = stack.records(product_id)
    head = stack.head(product_id)
    assert head is not None
    assert without_later(head) == {
        "PK": f"PRODUCT#{product_id}",
        "SK": "METADATA",
        "entityType": "PRODUCT",
        "productId": product_id,
        "name": name,
        "description": "A product that the integration tests made",
        "price": "99.50",
        "currency": "ZAR",
        "billingCycle": "monthly",
        "features": ["First feature"],
        "active": True,
        "version": 1,
        "dateCreated": change["requestedAt"],
        "dateLastUpdated": change["requestedAt"],
        "lastUpdatedBy": "integration",
        "stamps": dict.fromkeys(FIELD_NAMES, stamp(change)),
        "sequence": 1,
        "lastHash": record["hash"],
        "createChangeId": change["changeId"],
        "GSI1_PK": "PRODUCT#ACTIVE",
        "GSI1_SK": f"000099.50#{product_id}",
        "GSI2_PK": "PRODUCT#ACTIVE",
        "GSI2_SK": f"{name.casefold()}\t{product_id}",
        "GSI3_PK": "PRODUCT#ACTIVE",
        "GSI3_SK": f"{change['requestedAt']}#{product_id}",
        "GSI4_PK": "PRODUCT#ACTIVE",
        "GSI4_SK": f"ZAR#000000000099.500#{product_id}",
    }


def test_creation_leaves_a_record_of_what_was_asked_and_done(stack: Stack) -> None:
    change = creation()
    product_id = change["productId"]
    begun = moment()
    stack.apply(change)
    (item,) = stack.record_items(product_id)
    applied_at, expires_at = str(item.pop("appliedAt")), item.pop("expiresAt")
    assert MOMENT.fullmatch(applied_at)
    assert begun <= applied_at <= moment()
    assert isinstance(expires_at, int)
    kept = datetime.fromtimestamp(expires_at, UTC) - datetime.fromisoformat(applied_at)
    assert timedelta(days=90, seconds=-1) <= kept <= timedelta(days=90)
    del item["hash"]
    item["fields"] = without_later(item["fields"])
    assert item == {
        "PK": f"PRODUCT#{product_id}",
        "SK": "CHANGE#0000000001",
        "entityType": "CHANGE",
        "recordVersion": 1,
        "sequence": 1,
        "changeId": change["changeId"],
        "changeType": "CREATE",
        "productId": product_id,
        "status": "APPLIED",
        "reason": None,
        "requestedAt": change["requestedAt"],
        "requestedBy": "integration",
        "requestId": change["requestId"],
        "expectedVersion": None,
        "fields": change["fields"],
        "version": 1,
        "before": None,
        "after": stack.product(product_id),
        "previousHash": None,
    }


def test_creation_leaves_a_done_marker_and_a_claim(stack: Stack) -> None:
    change = creation()
    stack.apply(change)
    (record,) = stack.record_items(change["productId"])
    assert stack.marker(change) == {
        "PK": f"CHANGE#{change['changeId']}",
        "SK": "CHANGE",
        "productId": change["productId"],
        "sequence": 1,
        "expiresAt": record["expiresAt"],
    }
    assert stack.item(f"NAME#{name_of(change)}", "NAME") == {
        "PK": f"NAME#{name_of(change)}",
        "SK": "NAME",
        "productId": change["productId"],
    }


def test_update_changes_the_given_fields_and_their_stamps(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    changed = update(product_id, price="5.00", features=["Second feature"])
    stack.apply(created, changed)
    head = stack.head(product_id)
    assert head is not None
    assert (head["price"], head["features"], head["version"]) == ("5.00", ["Second feature"], 2)
    assert (head["dateCreated"], head["dateLastUpdated"]) == (created["requestedAt"], changed["requestedAt"])
    assert head["GSI1_SK"] == f"000005.00#{product_id}"
    assert head["GSI4_SK"] == f"ZAR#000000000005.000#{product_id}"
    assert head["createChangeId"] == created["changeId"]
    stamps = head["stamps"]
    assert isinstance(stamps, dict)
    assert {field for field in stamps if stamps[field] == stamp(changed)} == {"price", "features"}
    assert {field for field in stamps if stamps[field] == stamp(created)} == set(stamps) - {"price", "features"}


def test_records_show_the_product_before_and_after_and_are_chained(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    stack.apply(created, update(product_id, ago=30, price="5.00"), withdrawal(product_id, ago=20))
    records = stack.records(product_id)
    assert_chained(records)
    assert [record.keys() for record in records] == [RECORD_ATTRIBUTES] * 3
    assert [record["changeType"] for record in records] == ["CREATE", "UPDATE", "DELETE"]
    assert [record["version"] for record in records] == [1, 2, 3]
    assert [record["before"] for record in records] == [None, *(record["after"] for record in records[:-1])]
    assert records[-1]["after"] == stack.product(product_id)
    head = stack.head(product_id)
    assert head is not None
    assert (head["sequence"], head["lastHash"]) == (3, records[-1]["hash"])


def test_claim_follows_the_name(stack: Stack) -> None:
    created = creation()
    product_id, new = created["productId"], new_name("renamed")
    stack.apply(created, update(product_id, name=new))
    assert stack.name_holder(name_of(created)) is None
    assert stack.name_holder(new) == product_id


def test_claim_stays_when_only_the_case_of_the_name_changes(stack: Stack) -> None:
    created = creation()
    product_id, name = created["productId"], name_of(created)
    stack.apply(created, update(product_id, name=name.upper()))
    assert stack.product(product_id)["name"] == name.upper()
    assert stack.name_holder(name) == product_id


def test_withdrawal_keeps_the_product_and_releases_its_name(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    stack.apply(created)
    before = stack.product(product_id)
    withdrawn = withdrawal(product_id)
    stack.apply(withdrawn)
    assert stack.product(product_id) == {
        **before,
        "active": False,
        "version": 2,
        "dateLastUpdated": withdrawn["requestedAt"],
    }
    assert stack.name_holder(name_of(created)) is None
    head = stack.head(product_id)
    assert head is not None
    assert {head[f"GSI{number}_PK"] for number in (1, 2, 3)} == {"PRODUCT#INACTIVE"}


def test_restoring_claims_the_name_again(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    stack.apply(created, withdrawal(product_id, ago=30), update(product_id, ago=20, active=True))
    assert stack.name_holder(name_of(created)) == product_id
    assert stack.outcomes(product_id) == [("APPLIED", None)] * 3


def test_names_are_claimed_without_case_and_however_accents_are_composed(stack: Stack) -> None:
    words = new_name("İstanbul ŒUVRE ﬁne Straße")
    change = creation(name=words)
    stack.apply(change)
    folded = words.replace("İstanbul ŒUVRE ﬁne Straße", "i̇stanbul œuvre fine strasse")
    assert stack.name_holder(folded) == change["productId"]


@pytest.mark.parametrize(
    ("index", "key"),
    [
        ("ProductsByPriceIndex", "GSI1"),
        ("ProductsByNameIndex", "GSI2"),
        ("ProductsByCreatedIndex", "GSI3"),
        ("ProductsByCurrencyAndPriceIndex", "GSI4"),
    ],
)
def test_index_holds_the_whole_product_and_nothing_of_its_history(stack: Stack, index: str, key: str) -> None:
    change = creation()
    product_id = change["productId"]
    stack.apply(change)
    head = stack.head(product_id)
    assert head is not None

    def indexed() -> dict[str, object] | None:
        found = stack.table.query(
            IndexName=index,
            KeyConditionExpression=Key(f"{key}_PK").eq("PRODUCT#ACTIVE") & Key(f"{key}_SK").eq(head[f"{key}_SK"]),
        )["Items"]
        return dict(found[0]) if found else None

    attributes = set(eventually(indexed, "the product is in the index"))
    assert attributes == PRODUCT_ATTRIBUTES | {"PK", "SK", f"{key}_PK", f"{key}_SK"}


def test_requests_to_the_api_become_records_with_the_ids_that_it_answered(stack: Stack) -> None:
    begun = moment()
    body: Json = {
        "name": new_name(),
        "description": "Asked for through the API",
        "price": 12.5,
        "billingCycle": "yearly",
    }
    created = stack.call("POST", "products", body).json()
    product_id = created["productId"]
    stack.settle()
    changed = stack.call("PUT", f"products/{product_id}", {"price": 7, "features": ["New feature"]}).json()
    stack.settle()
    withdrawn = stack.call("DELETE", f"products/{product_id}").headers["X-Change-Id"]
    stack.settle()
    records = stack.records(product_id)
    assert_chained(records)
    assert [record["changeId"] for record in records] == [created["changeId"], changed["changeId"], withdrawn]
    assert [without_later(record["fields"]) for record in records] == [
        {**body, "price": "12.50", "currency": "ZAR", "features": [], "active": True},
        {"price": "7.00", "currency": "ZAR", "features": ["New feature"]},
        {"active": False},
    ]
    assert [(record["status"], record["requestedBy"]) for record in records] == [("APPLIED", "admin")] * 3
    assert all(record["requestId"] for record in records)
    requested = [str(record["requestedAt"]) for record in records]
    assert all(MOMENT.fullmatch(time) for time in requested)
    assert begun <= requested[0] < requested[1] < requested[2] <= moment()


def test_request_with_a_readers_key_leaves_nothing_on_the_queue_or_in_the_table(stack: Stack) -> None:
    name = new_name("refused")
    body: Json = {"name": name, "description": "Refused by the API", "price": 1, "billingCycle": "yearly"}
    assert stack.call("POST", "products", body, client="storefront").status_code == 403
    stack.settle()
    assert stack.name_holder(name) is None
