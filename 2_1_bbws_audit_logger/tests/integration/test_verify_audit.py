"""Verifying an audit trail with scripts/verify_audit.py: what is wrong is found and named, and nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.records import PRODUCT, object_key, record
from tests.trails import LONG_AGO, OTHER_PRODUCT, Outcome, Trail, about, altered, as_json, chain, gap, resealed

import handler as audit_logger
import verify_audit
from audit_verification import clients, verification
from audit_verification.bucket import AuditBucket
from audit_verification.heads import ProductHeads
from audit_verification.progress import display
from audit_verification.scope import Scope
from audit_verification.threads import Threads
from common.head import Head
from common.product_table import head_key, record_key, to_item

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from common.change_record import ChangeRecord
    from common.product_table import ProductTable

SCRIPT = Path(verify_audit.__file__)
DAY = timedelta(days=1)


@pytest.fixture
def put_head(table: ProductTable) -> Callable[[ChangeRecord], None]:
    """Return what makes a record the last of its product in the table."""

    def put_head(last: ChangeRecord) -> None:
        head = Head(last["sequence"], last["hash"], last["changeId"])
        item = {**head_key(last["productId"]), **head.attributes(last["productId"])}
        table.client.put_item(TableName=table.name, Item=to_item(item))

    return put_head


# Nothing wrong


def test_nothing_is_found_in_a_trail_as_the_audit_logger_writes_it(
    verify: Callable[..., Outcome], sqs_event: Callable[..., Any], lambda_context: Any
) -> None:
    records = [*chain(12), *chain(3, OTHER_PRODUCT, every=DAY)]
    for number in range(0, len(records), 10):
        audit_logger.handler(sqs_event(*records[number : number + 10]), lambda_context)
    outcome = verify()
    assert (outcome.status, outcome.found) == (0, [])
    assert "verified 15 objects of 2 products" in outcome.output
    assert outcome.output.splitlines()[-1] == "nothing found"


def test_nothing_is_found_in_an_empty_bucket(verify: Callable[..., Outcome]) -> None:
    outcome = verify()
    assert (outcome.status, outcome.found) == (0, [])
    assert "verified 0 objects of 0 products" in outcome.output


def test_records_may_lie_in_any_order_under_their_days(verify: Callable[..., Outcome], trail: Trail) -> None:
    """Clocks differ: the second record is applied before the first, on the day before."""
    first, second, third = chain(3, every=-DAY)
    trail.put_all([third, first, second])
    assert verify().status == 0


def test_a_listing_of_many_pages_is_read_whole(
    verify: Callable[..., Outcome], trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moto.settings.get_s3_default_max_keys", lambda: 2)
    keys = trail.put_all(chain(7))
    (first_version,) = trail.versions(keys[3])
    trail.put(chain(7)[3])
    trail.put(chain(7)[3])
    trail.remove(keys[5])
    outcome = verify()
    assert outcome.found == [about("WrittenOver", keys[3]), about("Removed", keys[5])]
    assert f"versions: 3, the first of them {first_version}" in outcome.output
    assert "verified 7 objects of 1 product" in outcome.output


def test_many_pages_of_days_are_read_whole(
    verify: Callable[..., Outcome], trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moto.settings.get_s3_default_max_keys", lambda: 3)
    trail.put_all(chain(14, every=DAY / 2))
    assert "verified 14 objects of 1 product" in verify("--product", PRODUCT).output
    assert "verified 6 objects of 1 product" in verify("--from", "2026-11-02", "--to", "2026-11-04").output


def test_records_of_both_versions_are_one_chain(verify: Callable[..., Outcome], trail: Trail) -> None:
    first, second = chain(2)
    stated = resealed(second, recordVersion=2, actingUser="Zoë", changeNote="Out of stock")
    (third,) = chain(1, after=stated, begun=LONG_AGO + DAY)
    trail.put_all([first, stated, third])
    assert "verified 3 objects of 1 product" in verify().output

    trail.put(altered(stated, actingUser="Somebody else"), object_key(stated))
    assert about("WrongHash", object_key(stated)) in verify().found


# Objects that are wrong by themselves


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "JSON"),
        (b"no JSON", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "object"),
        (b"1" * 2_000_000, "1,048,576 bytes"),
        (as_json(altered(chain(2)[1], recordVersion=3)), "recordVersion"),
        (as_json({name: value for name, value in chain(2)[1].items() if name != "reason"}), "reason"),
        (as_json(altered(chain(2)[1], version=1.5)), "float"),
        (as_json(altered(chain(2)[1], requestedBy="\ud800")), "surrogates"),
        (as_json(altered(chain(2)[1], sequence=True)), "sequence"),
        (as_json(altered(chain(2)[1], sequence="2")), "sequence"),
        (as_json(altered(chain(2)[1], productId=None)), "productId"),
        (as_json(altered(chain(2)[1], appliedAt=7)), "appliedAt"),
        (as_json(altered(chain(2)[1], hash=None)), "hash"),
        (as_json(altered(chain(2)[1], previousHash=[])), "previousHash"),
    ],
)
def test_object_that_is_no_record_is_found_and_takes_its_place_in_the_chain(
    verify: Callable[..., Outcome], trail: Trail, content: bytes, named: str
) -> None:
    first, second, third = chain(3)
    trail.put_all([first, third])
    trail.put(content, object_key(second))
    outcome = verify()
    assert (outcome.status, outcome.found) == (1, [about("NotARecord", object_key(second))])
    assert named in outcome.output


@pytest.mark.parametrize("name", [name for name in record() if name not in ("recordVersion", "hash")])
def test_altered_attribute_is_found(verify: Callable[..., Outcome], trail: Trail, name: str) -> None:
    first, second, third = chain(3)
    other = {"sequence": 7, "productId": OTHER_PRODUCT, "appliedAt": "2026-11-01T09:00:00.000001Z"}
    trail.put_all([first, third])
    key = trail.put(altered(second, **{name: other.get(name, "altered")}), object_key(second))
    found = verify().found
    assert about("WrongHash", key) in found
    assert {(product, sequence, where) for _, product, sequence, where in found} == {(PRODUCT, "2", key)}


def test_altered_hash_is_found_where_it_is_and_where_it_breaks_the_chain(
    verify: Callable[..., Outcome], trail: Trail
) -> None:
    first, second, third = chain(3)
    trail.put_all([first, third])
    key = trail.put(altered(second, hash="0" * 64))
    assert verify().found == [about("WrongHash", key), about("BrokenLink", object_key(third))]


def test_attribute_that_comes_twice_is_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    """Readers differ in which of the two they take; the hash is right for one of them."""
    first, second = chain(2)
    trail.put(first)
    text = json.dumps(second, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = trail.put(('{"status":"REJECTED",' + text[1:]).encode(), object_key(second))
    assert verify().found == [about("NotCanonical", key)]


@pytest.mark.parametrize("name", ["productId", "appliedAt", "sequence"])
def test_record_under_the_key_of_another_is_found(verify: Callable[..., Outcome], trail: Trail, name: str) -> None:
    other = {"productId": OTHER_PRODUCT, "appliedAt": "2026-11-01T09:00:00.000001Z", "sequence": 9}[name]
    first, second, third = chain(3)
    trail.put_all([first, third])
    key = trail.put(resealed(second, **{name: other}), object_key(second))
    outcome = verify()
    assert outcome.found == [about("WrongKey", key)]
    assert str(other) in outcome.output


def test_records_that_changed_places_are_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    first, second, third = chain(3)
    trail.put(first)
    keys = [trail.put(third, object_key(second)), trail.put(second, object_key(third))]
    assert verify().found == [about("WrongKey", key) for key in keys]


@pytest.mark.parametrize(
    "key",
    [
        "notes.txt",
        "2026/11/01/notes.txt",
        f"2026/11/02/{PRODUCT}_2026-11-01T08:00:00.000000Z_1.json",
        f"2026/02/30/{PRODUCT}_2026-02-30T08:00:00.000000Z_1.json",
        f"2026/11/01/{PRODUCT}_2026-11-01T08:00:00.000000Z_01.json",
        f"2026/11/01/{PRODUCT}_2026-11-01T08:00:00.000000Z_0.json",
        f"2026/11/01/{PRODUCT}_2026-11-01T08:00:00Z_1.json",
        f"2026/11/01/{'ABCDEF01' + PRODUCT[8:]}_2026-11-01T08:00:00.000000Z_1.json",
    ],
)
def test_key_that_no_record_has_is_found(verify: Callable[..., Outcome], trail: Trail, key: str) -> None:
    (first,) = chain(1, OTHER_PRODUCT)
    trail.put_all(chain(2))
    trail.put(first, key)
    outcome = verify()
    assert outcome.found == [("WrongKey", OTHER_PRODUCT, "1", key)]
    trail.put(b"notes", key)
    assert ("NotARecord", "unknown", "unknown", key) in verify().found


def test_finding_cannot_steer_the_terminal(verify: Callable[..., Outcome], trail: Trail) -> None:
    trail.put(b"notes", "notes \u202e.txt")
    outcome = verify()
    assert outcome.found == [("NotARecord", "unknown", "unknown", r"notes \u202e.txt")]


# Chains


def test_record_that_was_altered_with_its_hash_breaks_the_chain_after_it(
    verify: Callable[..., Outcome], trail: Trail
) -> None:
    first, second, third = chain(3)
    trail.put_all([first, resealed(second, requestedBy="somebody else"), third])
    outcome = verify()
    assert (outcome.status, outcome.found) == (1, [about("BrokenLink", object_key(third))])
    assert str(third["previousHash"]) in outcome.output
    assert object_key(second) in outcome.output


def test_records_that_were_exchanged_break_the_chain(verify: Callable[..., Outcome], trail: Trail) -> None:
    first, second, third, fourth = chain(4)
    reordered = [
        resealed(second, sequence=3, appliedAt=third["appliedAt"]),
        resealed(third, sequence=2, appliedAt=second["appliedAt"]),
    ]
    trail.put_all([first, *reordered, fourth])
    keys = [object_key(one) for one in (second, third, fourth)]
    assert verify().found == [about("BrokenLink", key) for key in keys]


def test_erased_record_is_missing(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(4))
    trail.erase(keys[1])
    outcome = verify()
    assert (outcome.status, outcome.found) == (1, [gap(2)])
    assert f"the record is missing; {keys[2]} follows on {keys[0]}" in outcome.output


def test_several_erased_records_are_one_gap(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(9))
    for key in (keys[1], keys[4], keys[5], keys[6]):
        trail.erase(key)
    outcome = verify()
    assert outcome.found == [gap(2), gap(5)]
    assert "the 3 records up to sequence 7 are missing" in outcome.output


def test_gap_of_any_size_is_found_at_once(verify: Callable[..., Outcome], trail: Trail) -> None:
    trail.put_all([*chain(1), record(10**18, appliedAt="2026-11-02T08:00:00.000000Z")])
    outcome = verify()
    assert outcome.found == [gap(2)]
    assert "the 999,999,999,999,999,998 records" in outcome.output


def test_chain_without_its_first_records_is_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    records = chain(4)
    keys = trail.put_all(records[2:])
    outcome = verify()
    assert outcome.found == [gap(1)]
    assert f"the 2 records up to sequence 2 are missing; the first is {keys[0]}" in outcome.output


def test_first_record_links_to_none(verify: Callable[..., Outcome], trail: Trail) -> None:
    key = trail.put(record(1, previousHash="0" * 64))
    assert verify().found == [about("BrokenLink", key)]


def test_later_record_that_links_to_none_is_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    first, second = chain(2)
    trail.put_all([first, resealed(second, previousHash=None)])
    assert verify().found == [about("BrokenLink", object_key(second))]


def test_two_records_of_one_sequence_are_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    records = chain(3)
    trail.put_all(records)
    forged = resealed(records[1], appliedAt="2026-11-01T09:30:00.000000Z", requestedBy="somebody else")
    key = trail.put(forged)
    outcome = verify()
    assert outcome.found == [about("SameSequence", key)]
    assert f"{object_key(records[1])} has this sequence too" in outcome.output


def test_second_chain_that_branches_off_is_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    records = chain(4)
    branch = chain(2, begun=LONG_AGO + timedelta(minutes=30), after=records[1])
    trail.put_all([*records, *branch])
    assert verify().found == [about("SameSequence", key) for key in map(object_key, records[2:])]


def test_wrong_chain_of_one_product_leaves_the_others_alone(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(3))
    trail.put_all(chain(3, OTHER_PRODUCT))
    trail.erase(keys[0])
    assert verify().found == [gap(1)]


# Versions


def test_object_that_was_written_over_is_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(3))
    (first_version,) = trail.versions(keys[1])
    trail.put(chain(3)[1])
    outcome = verify()
    assert (outcome.status, outcome.found) == (1, [about("WrittenOver", keys[1])])
    assert f"versions: 2, the first of them {first_version}" in outcome.output


def test_object_that_was_written_over_by_another_record_is_found_for_both(
    verify: Callable[..., Outcome], trail: Trail
) -> None:
    records = chain(3)
    keys = trail.put_all(records)
    trail.put(resealed(records[1], requestedBy="somebody else"))
    assert verify().found == [about("WrittenOver", keys[1]), about("BrokenLink", keys[2])]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_removed_object_is_found_and_takes_its_place_in_the_chain(
    verify: Callable[..., Outcome], trail: Trail, number: int
) -> None:
    keys = trail.put_all(chain(3))
    trail.remove(keys[number])
    outcome = verify()
    assert (outcome.status, outcome.found) == (1, [about("Removed", keys[number])])
    assert f"its first version {trail.versions(keys[number])[0]} is still there" in outcome.output


def test_delete_marker_alone_is_found(verify: Callable[..., Outcome], trail: Trail, s3: S3Client) -> None:
    keys = trail.put_all(chain(3))
    (version,) = trail.versions(keys[2])
    trail.remove(keys[2])
    trail.remove(keys[2])
    s3.delete_object(Bucket=trail.bucket, Key=keys[2], VersionId=version)
    outcome = verify()
    assert outcome.found == [about("Removed", keys[2])]
    assert "no version is left" in outcome.output


def test_object_that_was_removed_and_written_again_is_found(
    verify: Callable[..., Outcome], trail: Trail, s3: S3Client
) -> None:
    keys = trail.put_all(chain(3))
    (first_version,) = trail.versions(keys[1])
    trail.remove(keys[1])
    trail.put(chain(3)[1])
    outcome = verify()
    assert outcome.found == [about("WrittenOver", keys[1])]
    assert f"versions: 2, the first of them {first_version}; delete markers before the last: 1" in outcome.output
    s3.delete_object(Bucket=trail.bucket, Key=keys[1], VersionId=first_version)
    assert verify().found == [about("WrittenOver", keys[1])]


def test_no_more_of_an_object_is_read_than_a_record_can_have(trail: Trail) -> None:
    key = trail.put(b"x" * 2_000_000, "large")
    assert len(AuditBucket(clients.client("s3", 1), trail.bucket).read(key, 1000)) == 1000


def test_bucket_without_versions_is_said(verify: Callable[..., Outcome], s3: S3Client) -> None:
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    Trail(s3, "plain").put_all(chain(3))
    outcome = verify(bucket="plain")
    assert outcome.status == 0
    assert "keeps no versions" in outcome.output


def test_object_that_goes_while_it_is_read_is_found(
    verify: Callable[..., Outcome], trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = trail.put_all(chain(3))
    read = AuditBucket.read

    def read_late(bucket: AuditBucket, key: str, most: int) -> bytes:
        if key == keys[1]:
            trail.remove(key)
        return read(bucket, key, most)

    monkeypatch.setattr(AuditBucket, "read", read_late)
    assert verify().found == [about("Removed", keys[1])]


def test_archived_objects_are_said_not_to_be_verified(
    verify: Callable[..., Outcome], trail: Trail, s3: S3Client
) -> None:
    records = chain(4, every=DAY)
    keys = trail.put_all(records)
    archived = "archived"
    s3.create_bucket(Bucket=archived, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=archived, VersioningConfiguration={"Status": "Enabled"})
    for one in records:
        storage_class = "GLACIER" if one["sequence"] < 3 else "STANDARD"
        body = json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        s3.put_object(Bucket=archived, Key=object_key(one), Body=body, StorageClass=storage_class)  # type: ignore[arg-type]
    outcome = verify(bucket=archived)
    assert (outcome.status, outcome.found) == (2, [])
    assert f"not read: 2 archived objects, from {keys[0]} to {keys[1]}" in outcome.output
    assert verify("--from", "2026-11-03", bucket=archived).status == 0
    s3.put_object(Bucket=archived, Key=keys[0], Body=b"spoilt", StorageClass="GLACIER")
    assert (verify(bucket=archived).status, verify(bucket=archived).found) == (1, [about("WrittenOver", keys[0])])
    Trail(s3, archived).erase(keys[1])
    assert gap(2) in verify(bucket=archived).found


# Days and products


def test_range_of_days_includes_both_ends_and_nothing_else(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(6, every=DAY))
    for number in (0, 5):
        trail.put(b"spoilt", keys[number])
    outcome = verify("--from", "2026-11-02", "--to", "2026-11-05")
    assert (outcome.status, outcome.found) == (0, [])
    assert "verified 4 objects of 1 product" in outcome.output
    for number in (1, 4):
        trail.put(b"spoilt", keys[number])
    found = verify("--from", "2026-11-02", "--to", "2026-11-05").found
    assert {key for kind, *_, key in found if kind == "NotARecord"} == {keys[1], keys[4]}


def test_range_says_that_first_records_could_not_be_linked(verify: Callable[..., Outcome], trail: Trail) -> None:
    trail.put_all([*chain(3, every=DAY), *chain(2, OTHER_PRODUCT, begun=LONG_AGO + DAY)])
    outcome = verify("--from", "2026-11-02")
    assert outcome.status == 0
    assert "not linked to the record before: the first record in the range, of 1 product" in outcome.output
    assert "not linked" not in verify("--to", "2026-11-02").output


def test_gap_in_a_range_is_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(5, every=DAY))
    trail.erase(keys[2])
    assert verify("--from", "2026-11-02", "--to", "2026-11-04").found == [gap(3)]
    assert verify("--from", "2026-11-03").status == 0


def test_chain_that_begins_late_is_found_up_to_a_day(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(3, every=DAY))
    trail.erase(keys[0])
    assert verify("--to", "2026-11-02").found == [gap(1)]


@pytest.mark.parametrize("limits", [("--from", "2026-11-02"), ("--to", "2026-11-01")])
def test_record_just_outside_the_range_for_another_clock_is_no_gap(
    verify: Callable[..., Outcome], trail: Trail, limits: tuple[str, str]
) -> None:
    """Of records applied around midnight, the second is of the other day than the first and the third."""
    midnight = datetime(2026, 11, 2, tzinfo=UTC)
    inside, outside = (1, -1) if limits[0] == "--from" else (-1, 1)
    first, second, third = chain(3, begun=midnight + timedelta(seconds=inside), every=timedelta(0))
    second = resealed(second, appliedAt=(midnight + timedelta(seconds=outside)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    third = resealed(third, previousHash=second["hash"])
    trail.put_all([first, second, third])
    outcome = verify(*limits)
    assert (outcome.status, outcome.found) == (0, [])


def test_one_product_is_verified_alone(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(4, every=DAY))
    trail.put(b"spoilt", trail.put_all(chain(4, OTHER_PRODUCT, every=DAY))[1])
    outcome = verify("--product", PRODUCT)
    assert (outcome.status, outcome.found) == (0, [])
    assert "verified 4 objects of 1 product" in outcome.output
    trail.put(altered(chain(4, every=DAY)[2], version=9))
    assert ("WrongHash", PRODUCT, "3", keys[2]) in verify("--product", PRODUCT).found
    assert verify("--product", PRODUCT, "--to", "2026-11-02").status == 0


def test_product_whose_objects_were_all_removed_is_found(verify: Callable[..., Outcome], trail: Trail) -> None:
    keys = trail.put_all(chain(2, every=DAY))
    for key in keys:
        trail.remove(key)
    assert verify("--product", PRODUCT).found == [about("Removed", key) for key in keys]


# The table


def test_nothing_is_found_where_bucket_and_table_agree(
    verify: Callable[..., Outcome],
    trail: Trail,
    put_head: Callable[[ChangeRecord], None],
) -> None:
    products = [str(uuid.UUID(int=number, version=4)) for number in range(1000, 1040)]
    for product_id in products:
        records = chain(2, product_id)
        trail.put_all(records)
        put_head(records[-1])
    outcome = verify("--table", os.environ["TABLE_NAME"])
    assert (outcome.status, outcome.found) == (0, [])
    assert "compared with 40 products in the table" in outcome.output
    one = verify("--table", os.environ["TABLE_NAME"], "--product", products[7])
    assert one.status == 0
    assert "compared with 1 product in the table" in one.output


def test_many_pages_of_the_table_are_read_whole(
    verify: Callable[..., Outcome],
    put_head: Callable[[ChangeRecord], None],
    table: ProductTable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("moto.dynamodb.models.table.RESULT_SIZE_LIMIT", 1000)
    products = [str(uuid.UUID(int=number, version=4)) for number in range(1000, 1040)]
    for product_id in products:
        put_head(chain(1, product_id)[0])
        table.client.put_item(TableName=table.name, Item=to_item({**record_key(product_id, 1), "fields": "x" * 300}))
    assert verify("--table", table.name, "--workers", "2").found == [gap(1, product_id) for product_id in products]


def test_missing_last_records_are_found_with_the_table(
    verify: Callable[..., Outcome], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    records = chain(5)
    keys = trail.put_all(records)
    put_head(records[-1])
    trail.erase(keys[4])
    trail.erase(keys[3])
    assert verify().status == 0
    for more in ((), ("--product", PRODUCT), ("--from", "2026-11-01")):
        outcome = verify("--table", os.environ["TABLE_NAME"], *more)
        assert (outcome.status, outcome.found) == (1, [gap(4)])
        assert f"the 2 records up to sequence 5 are missing; the last is {keys[2]}" in outcome.output


def test_product_without_any_record_is_found_with_the_table(
    verify: Callable[..., Outcome], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    trail.put_all(chain(2, OTHER_PRODUCT))
    put_head(chain(2, OTHER_PRODUCT)[-1])
    put_head(chain(3)[-1])
    for more in ((), ("--product", PRODUCT)):
        outcome = verify("--table", os.environ["TABLE_NAME"], *more)
        assert outcome.found == [gap(1)]
        assert "the 3 records up to sequence 3 are missing" in outcome.output
        assert "the bucket has none of the product" in outcome.output


def test_bucket_ahead_of_the_table_is_found(
    verify: Callable[..., Outcome], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    """A table that was restored to an earlier time has forgotten what the bucket still tells."""
    records = chain(3)
    keys = trail.put_all(records)
    put_head(records[1])
    other = trail.put_all(chain(2, OTHER_PRODUCT))
    outcome = verify("--table", os.environ["TABLE_NAME"])
    assert outcome.found == [
        about("AheadOfTable", keys[2]),
        about("AheadOfTable", other[1], OTHER_PRODUCT),
    ]
    assert "the table's last sequence is 2" in outcome.output
    assert "the table doesn't have the product" in outcome.output


def test_last_record_that_was_altered_with_its_hash_is_found_with_the_table(
    verify: Callable[..., Outcome], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    first, second = chain(2)
    put_head(second)
    key = trail.put_all([first, resealed(second, requestedBy="somebody else")])[1]
    assert verify().status == 0
    assert verify("--table", os.environ["TABLE_NAME"]).found == [about("OtherThanTable", key)]


@pytest.mark.parametrize("spoilt", [b"no JSON", None])
def test_last_object_that_is_spoilt_or_removed_is_found_once(
    verify: Callable[..., Outcome], trail: Trail, put_head: Callable[[ChangeRecord], None], spoilt: bytes | None
) -> None:
    records = chain(2)
    put_head(records[-1])
    keys = trail.put_all(records)
    trail.erase(keys[1])
    if spoilt is None:
        trail.put(records[1])
        trail.remove(keys[1])
    else:
        trail.put(spoilt, keys[1])
    kind = "Removed" if spoilt is None else "NotARecord"
    assert verify("--table", os.environ["TABLE_NAME"]).found == [about(kind, keys[1])]


def test_range_that_ends_before_today_leaves_the_end_of_chains_uncompared_and_says_so(
    verify: Callable[..., Outcome], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    records = chain(4, every=DAY)
    trail.put_all(records)
    put_head(records[-1])
    outcome = verify("--table", os.environ["TABLE_NAME"], "--to", "2026-11-02")
    assert (outcome.status, outcome.found) == (0, [])
    assert "not compared with the table: 1 product," in outcome.output
    trail.erase(object_key(records[3]))
    assert verify("--table", os.environ["TABLE_NAME"], "--to", "9999-12-31").found == [gap(4)]
    put_head(records[0])
    found = verify("--table", os.environ["TABLE_NAME"], "--to", "2026-11-02").found
    assert found == [about("AheadOfTable", object_key(records[1]))]


def test_range_that_begins_late_leaves_products_without_a_record_in_it_uncompared(
    verify: Callable[..., Outcome], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    records = chain(2, every=DAY)
    trail.put_all(records)
    put_head(records[-1])
    outcome = verify("--table", os.environ["TABLE_NAME"], "--from", "2026-11-03")
    assert (outcome.status, outcome.found) == (0, [])
    assert "not compared with the table: 1 product," in outcome.output


def test_head_that_lacks_its_hash_ends_the_verification(verify: Callable[..., Outcome], table: ProductTable) -> None:
    table.client.put_item(TableName=table.name, Item=to_item({**head_key(PRODUCT), "sequence": 3}))
    outcome = verify("--table", table.name)
    assert outcome.status == 2
    assert f"PRODUCT#{PRODUCT}" in outcome.errors


# Records on their way


@pytest.fixture
def verify_while(trail: Trail, table: ProductTable) -> Callable[..., tuple[verification.Report, list[float]]]:
    """Return what verifies the trail against the table and does something while it waits."""

    def verify_while(
        *happenings: Callable[[], object], patience: float = 15.0, scope: Scope | None = None
    ) -> tuple[verification.Report, list[float]]:
        waits: list[float] = []
        left = iter(happenings)

        def pause(seconds: float) -> None:
            waits.append(seconds)
            next(left, lambda: None)()

        bucket = AuditBucket(clients.client("s3", 4), trail.bucket)
        heads = ProductHeads(clients.client("dynamodb", 4), table.name)
        with Threads(4) as threads, display(sys.stderr) as progress:
            run = verification.Verification(bucket, scope or Scope(), heads, threads, progress)
            return run.run(patience, pause), waits

    return verify_while


def just_now(length: int, product_id: str = PRODUCT) -> list[ChangeRecord]:
    return chain(length, product_id, begun=datetime.now(UTC) - timedelta(minutes=1), every=timedelta(seconds=1))


def test_record_that_arrives_while_the_trail_is_verified_is_not_missing(
    verify_while: Callable[..., Any], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    changing, fresh, quiet = just_now(4), just_now(1, OTHER_PRODUCT), chain(3, str(uuid.UUID(int=7, version=4)))
    trail.put_all([changing[0], changing[2], *quiet])
    for last in (changing[-1], fresh[-1], quiet[-1]):
        put_head(last)
    report, waits = verify_while(
        lambda: trail.put(changing[1]), lambda: trail.put(changing[3]), lambda: trail.put(fresh[0])
    )
    assert report.findings == []
    assert report.objects == 8
    assert waits == [5.0, 5.0, 5.0]


def test_changes_that_go_on_while_the_trail_is_verified_are_not_missing(
    verify_while: Callable[..., Any], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    records = just_now(5)
    trail.put_all(records[:2])
    put_head(records[2])

    def change_on() -> None:
        put_head(records[4])
        trail.put_all([records[2], records[4]])

    report, waits = verify_while(change_on)
    assert report.findings == []
    assert waits == [5.0]


def test_record_that_arrives_wrong_is_found(
    verify_while: Callable[..., Any], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    records = just_now(2)
    trail.put(records[0])
    put_head(records[1])
    report, _ = verify_while(lambda: trail.put(altered(records[1], version=9)))
    assert [(finding.kind, finding.sequence) for finding in report.findings] == [("WrongHash", 2)]


def test_record_that_does_not_arrive_is_missing_after_all_patience(
    verify_while: Callable[..., Any], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    records = just_now(2)
    trail.put(records[0])
    put_head(records[1])
    report, waits = verify_while(patience=12.0)
    assert [(finding.kind, finding.sequence) for finding in report.findings] == [("Missing", 2)]
    assert waits == [5.0, 5.0, 2.0]


def test_nothing_is_awaited_where_nothing_is_missing(
    verify_while: Callable[..., Any], trail: Trail, put_head: Callable[[ChangeRecord], None]
) -> None:
    records = just_now(2)
    trail.put_all(records)
    put_head(records[1])
    assert verify_while()[1] == []


def test_nothing_is_awaited_where_old_records_are_missing(verify_while: Callable[..., Any], trail: Trail) -> None:
    trail.put_all([chain(3)[0], chain(3)[2]])
    report, waits = verify_while(scope=Scope(PRODUCT))
    assert [finding.sequence for finding in report.findings if finding.kind == "Missing"] == [2]
    assert waits == []


# The command line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--product", "my-product"], "--product"),
        (["--product", PRODUCT.upper().replace("1", "A")], "--product"),
        (["--from", "2026-13-01"], "--from"),
        (["--from", "20261101"], "--from"),
        (["--to", "yesterday"], "--to"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "--to"),
        (["--workers", "0"], "--workers"),
        (["--workers", "many"], "--workers"),
        (["--workers", "100000"], "--workers"),
        (["--wait", "-1"], "--wait"),
        (["--wait", "long"], "--wait"),
        (["--wait", "nan"], "--wait"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_argument_is_named(verify: Callable[..., Outcome], arguments: list[str], named: str) -> None:
    outcome = verify(*arguments)
    assert (outcome.status, outcome.output) == (2, "")
    assert named in outcome.errors.splitlines()[-1]


@pytest.mark.parametrize("bucket", ["no-such-bucket", "not a bucket's name", ""])
def test_bucket_that_is_not_there_cannot_be_verified(verify: Callable[..., Outcome], bucket: str) -> None:
    outcome = verify(bucket=bucket)
    assert (outcome.status, outcome.output) == (2, "")
    assert outcome.errors.startswith(f"error: could not verify {bucket}: ")


def test_table_that_is_not_there_shows_before_the_bucket_is_read(verify: Callable[..., Outcome], trail: Trail) -> None:
    trail.put_all(chain(3))
    outcome = verify("--table", "no-such-table")
    assert outcome.status == 2
    assert "reading" not in outcome.errors


def test_progress_does_not_go_to_the_standard_output(verify: Callable[..., Outcome], trail: Trail) -> None:
    trail.put_all(chain(3))
    outcome = verify()
    assert outcome.errors.splitlines() == ["reading the bucket"]
    assert len(outcome.output.splitlines()) == 2


def test_script_needs_none_of_the_functions_settings(tmp_path: Path) -> None:
    """And says what is wrong in one line where AWS can't be reached: nothing listens on port 9 here."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    shown = subprocess.run(
        [sys.executable, SCRIPT, "--help"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert "BUCKET" in shown.stdout
    refused = subprocess.run(
        [sys.executable, SCRIPT, "Not A Bucket"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: could not verify Not A Bucket: ")
    assert len(refused.stderr.splitlines()) == 1
