"""The audit bucket: each record is an object, written once, from which anyone can prove that none is missing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from stack import assert_chained, creation, hash_of, key_of, new_id, new_name, record_of, sealed, update, withdrawal

if TYPE_CHECKING:
    from stack import Stack


def test_every_record_of_a_product_is_an_object_under_its_day(stack: Stack) -> None:
    created = creation(name=new_name("größe 漢字 🚀"), features=["Ünïcödé feature"])
    product_id = created["productId"]
    stack.apply(
        created,
        update(product_id, ago=20, price="1.00"),
        update(product_id, ago=30, price="2.00"),
        withdrawal(product_id, ago=10),
    )
    trail = stack.audit_trail(product_id)
    assert [found.record for found in trail] == stack.records(product_id)
    assert [found.key for found in trail] == [key_of(found.record) for found in trail]
    assert [found.record["status"] for found in trail] == ["APPLIED", "APPLIED", "SUPERSEDED", "APPLIED"]


def test_objects_prove_by_themselves_that_no_record_is_missing_or_altered(stack: Stack) -> None:
    created = creation(name=new_name("größe 漢字 🚀"))
    product_id = created["productId"]
    stack.apply(created, *(update(product_id, ago=30 - number, price=f"{number}.50") for number in range(1, 6)))
    trail = [found.record for found in stack.audit_trail(product_id)]
    assert len(trail) == 6
    assert_chained(trail)
    assert all(re.fullmatch(r"[0-9a-f]{64}", str(record["hash"])) for record in trail)
    assert {**trail[2], "price": "0.01"} != trail[2]
    assert hash_of({**trail[2], "requestedBy": "somebody else"}) != trail[2]["hash"]


def test_object_is_json_that_says_so(stack: Stack) -> None:
    created = creation()
    stack.apply(created)
    (found,) = stack.audit_trail(created["productId"])
    assert stack.s3.head_object(Bucket=stack.audit_bucket, Key=found.key)["ContentType"] == "application/json"


def test_record_that_comes_again_leaves_one_version_of_its_object(stack: Stack) -> None:
    record = record_of()
    stack.send(stack.audit_queue, [json.dumps(record)] * 3)
    stack.settle()
    versions = stack.versions(key_of(record))
    assert len(versions) == 1
    stack.send(stack.audit_queue, [json.dumps(record, sort_keys=True, indent=1)])
    stack.settle()
    assert stack.versions(key_of(record)) == versions
    assert json.loads(stack.audit_object(key_of(record))) == record


def test_object_that_is_there_is_never_overwritten(stack: Stack) -> None:
    record = record_of()
    key = key_of(record)
    stack.send(stack.audit_queue, [json.dumps(record)])
    stack.settle()
    before = stack.versions(key), stack.audit_object(key)
    stack.send(stack.audit_queue, [json.dumps(sealed({**record, "requestedBy": "a forger"}))])
    stack.settle()
    assert (stack.versions(key), stack.audit_object(key)) == before


def test_bucket_refuses_a_second_object_of_the_same_key(stack: Stack) -> None:
    key = f"test/{new_id()}.json"
    stack.s3.put_object(Bucket=stack.audit_bucket, Key=key, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        stack.s3.put_object(Bucket=stack.audit_bucket, Key=key, Body=b"second", IfNoneMatch="*")
    assert stack.audit_object(key) == b"first"
    stack.s3.delete_object(Bucket=stack.audit_bucket, Key=key, VersionId=stack.versions(key)[0])


def test_record_in_another_writing_is_kept_with_its_hash(stack: Stack) -> None:
    record = record_of(productId=new_id(), fields={"name": "größe 漢字"})
    stack.send(stack.audit_queue, [json.dumps(dict(reversed(record.items())), ensure_ascii=True, indent=2)])
    stack.settle()
    assert json.loads(stack.audit_object(key_of(record))) == record
