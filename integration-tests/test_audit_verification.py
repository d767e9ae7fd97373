"""Verifying the audit trail of a running stack: what it writes has nothing wrong, and tampering shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stack import creation, key_of, new_id, new_name, sealed, update, withdrawal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stack import Json, Stack

    Verify = Callable[..., subprocess.CompletedProcess[str]]

SCRIPT = Path(__file__).resolve().parent.parent / "2_1_bbws_audit_logger" / "scripts" / "verify_audit.py"


@pytest.fixture
def verify(stack: Stack) -> Verify:
    """Return what runs the script, on the stack's bucket unless another one is given."""

    def verify(*arguments: str, bucket: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), bucket or stack.audit_bucket, "--workers", "8", *arguments]
        variables = {**os.environ, **stack.variables, "AWS_REGION": stack.s3.meta.region_name}
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    return verify


@pytest.fixture
def bucket(stack: Stack) -> Iterator[str]:
    """Return an audit bucket of the test's own, empty."""
    name = f"verified-{new_id()}"
    stack.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    stack.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield name
    listed = stack.s3.list_object_versions(Bucket=name)
    for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        stack.s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    stack.s3.delete_bucket(Bucket=name)


@pytest.fixture
def keys(stack: Stack, bucket: str) -> list[str]:
    """Return the keys of a product's audit objects, which are copied into the test's own bucket."""
    created = creation()
    product_id = created["productId"]
    stack.apply(created, *(update(product_id, ago=30 - number, price=f"{number}.50") for number in range(1, 5)))
    trail = stack.audit_trail(product_id)
    for found in trail:
        stack.s3.put_object(Bucket=bucket, Key=found.key, Body=stack.audit_object(found.key))
    return [found.key for found in trail]


def record(stack: Stack, key: str) -> Json:
    return dict(json.loads(stack.audit_object(key)))


def canonical(record: Json) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_nothing_is_wrong_with_what_the_stack_wrote(stack: Stack, verify: Verify) -> None:
    lively, refused = creation(name=new_name("größe 漢字 🚀")), creation()
    lively_id, refused_id = lively["productId"], refused["productId"]
    stack.apply(
        lively,
        {**refused, "fields": lively["fields"]},
        update(lively_id, ago=20, price="1.00"),
        update(lively_id, ago=40, price="2.00"),
        {**update(lively_id, ago=10, price="3.00"), "expectedVersion": 1},
        withdrawal(lively_id, ago=5),
        update(lively_id, ago=4, active=True),
    )
    statuses = {str(status) for product_id in (lively_id, refused_id) for status, _ in stack.outcomes(product_id)}
    assert statuses == {"APPLIED", "SUPERSEDED", "REJECTED"}

    for product_id in (lively_id, refused_id):
        result = verify("--table", stack.table.name, "--product", str(product_id))
        assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "nothing found"), result.stdout
        assert f"verified {len(stack.records(product_id))} object" in result.stdout

    # Other tests have put records into the bucket of which the table knows nothing.
    result = verify("--table", stack.table.name, "--wait", "0")
    assert result.returncode in (0, 1), result.stderr
    assert not [line for line in result.stdout.splitlines() if str(lively_id) in line or str(refused_id) in line]


def test_changes_that_are_applied_meanwhile_are_not_missing(stack: Stack, verify: Verify) -> None:
    created = creation()
    product_id = str(created["productId"])
    stack.apply(created)
    stack.submit(*(update(product_id, ago=-1 - number, price=f"{number}.75") for number in range(1, 60)))
    result = verify("--table", stack.table.name, "--product", product_id, "--wait", "120")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "nothing found"), result.stdout
    stack.settle()


def test_copied_trail_is_whole(verify: Verify, bucket: str, keys: list[str]) -> None:
    result = verify(bucket=bucket)
    assert (result.returncode, result.stderr) == (0, "reading the bucket\n")
    assert "verified 5 objects of 1 product" in result.stdout


def test_altered_record_is_found(stack: Stack, verify: Verify, bucket: str, keys: list[str]) -> None:
    altered = {**record(stack, keys[2]), "requestedBy": "somebody else"}
    stack.s3.put_object(Bucket=bucket, Key=keys[2], Body=canonical(altered))
    result = verify(bucket=bucket)
    assert result.returncode == 1
    assert kinds_of(result.stdout) == {("WrittenOver", keys[2]), ("WrongHash", keys[2])}

    stack.s3.put_object(Bucket=bucket, Key=keys[2], Body=canonical(sealed(altered)))
    result = verify(bucket=bucket)
    assert kinds_of(result.stdout) == {("WrittenOver", keys[2]), ("BrokenLink", keys[3])}


def test_removed_and_erased_records_are_found(stack: Stack, verify: Verify, bucket: str, keys: list[str]) -> None:
    stack.s3.delete_object(Bucket=bucket, Key=keys[1])
    (version,) = stack.s3.list_object_versions(Bucket=bucket, Prefix=keys[3])["Versions"]
    stack.s3.delete_object(Bucket=bucket, Key=keys[3], VersionId=version["VersionId"])
    result = verify("--wait", "0", bucket=bucket)
    product_id = record(stack, keys[3])["productId"]
    assert result.returncode == 1
    assert kinds_of(result.stdout) == {("Removed", keys[1]), ("Missing", f"*/{product_id}_*_4.json")}


def test_missing_last_record_is_found_with_the_table(
    stack: Stack, verify: Verify, bucket: str, keys: list[str]
) -> None:
    product_id = str(record(stack, keys[4])["productId"])
    (version,) = stack.s3.list_object_versions(Bucket=bucket, Prefix=keys[4])["Versions"]
    stack.s3.delete_object(Bucket=bucket, Key=keys[4], VersionId=version["VersionId"])
    assert verify(bucket=bucket).returncode == 0
    result = verify("--table", stack.table.name, "--product", product_id, "--wait", "1", bucket=bucket)
    assert result.returncode == 1
    assert kinds_of(result.stdout) == {("Missing", f"*/{product_id}_*_5.json")}


def test_record_under_another_key_is_found(stack: Stack, verify: Verify, bucket: str, keys: list[str]) -> None:
    stray = key_of({**record(stack, keys[2]), "productId": new_id()})
    stack.s3.put_object(Bucket=bucket, Key=stray, Body=stack.audit_object(keys[2]))
    result = verify("--wait", "0", bucket=bucket)
    assert ("WrongKey", stray) in kinds_of(result.stdout)


def test_bucket_that_is_not_there_cannot_be_verified(verify: Verify) -> None:
    result = verify(bucket="there-is-no-such-bucket")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: could not verify there-is-no-such-bucket: ")


def kinds_of(output: str) -> set[tuple[str, str]]:
    """Return kind and key of every finding."""
    found = [line.split(", ", 2) for line in output.splitlines() if ": product " in line]
    return {(about.partition(":")[0], rest.partition(": ")[0]) for about, _, rest in found}
