"""Audit trails for the tests: chains of records that bear the right hashes, a bucket to put them in, what is found."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.records import PRODUCT, object_key, record

from common import timestamps
from common.canonical import canonical_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from common.change_record import ChangeRecord

OTHER_PRODUCT = "22222222-2222-4222-8222-222222222222"
LONG_AGO = datetime(2026, 11, 1, 8, tzinfo=UTC)


def chain(
    length: int,
    product_id: str = PRODUCT,
    *,
    begun: datetime = LONG_AGO,
    every: timedelta = timedelta(hours=1),
    after: ChangeRecord | None = None,
) -> list[ChangeRecord]:
    """Return records of a product, linked one to the other, and the first to the one that they come after."""
    records: list[ChangeRecord] = []
    for number in range(length):
        before = records[-1] if records else after
        records.append(
            record(
                before["sequence"] + 1 if before else 1,
                productId=product_id,
                changeId=str(uuid.uuid5(uuid.UUID(product_id), str(number))),
                appliedAt=timestamps.to_text(begun + number * every),
                previousHash=before["hash"] if before else None,
            )
        )
    return records


def altered(original: ChangeRecord, **parts: object) -> dict[str, Any]:
    """Return a record in which something was altered, and nothing else: it bears the original's hash."""
    return {**original, **parts}


def resealed(original: ChangeRecord, **parts: object) -> ChangeRecord:
    """Return a record in which something was altered by somebody who knows how to compute its hash."""
    return record(**{**{name: value for name, value in original.items() if name != "hash"}, **parts})  # type: ignore[arg-type]


class Trail:
    """An audit bucket."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def put(self, content: object, key: str | None = None) -> str:
        """Put an object there, bytes as they are, and return its key: that of the record unless it is given."""
        key = key or object_key(content)  # type: ignore[arg-type]
        body = content if isinstance(content, bytes) else canonical_json(content)
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return key

    def put_all(self, records: list[ChangeRecord]) -> list[str]:
        """Put records there and return their keys."""
        return [self.put(one) for one in records]

    def remove(self, key: str) -> None:
        """Remove an object as anyone does, which leaves its versions."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def erase(self, key: str) -> None:
        """Remove an object with all its versions, as if it had never been there."""
        listed = self._s3.list_object_versions(Bucket=self.bucket, Prefix=key)
        for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            self._s3.delete_object(Bucket=self.bucket, Key=key, VersionId=version["VersionId"])

    def versions(self, key: str) -> list[str]:
        """Return the ids of an object's versions, the newest first."""
        listed = self._s3.list_object_versions(Bucket=self.bucket, Prefix=key)
        return [version["VersionId"] for version in listed.get("Versions", [])]


def as_json(values: object) -> bytes:
    """Return values as JSON that is not canonical."""
    return json.dumps(values, indent=1).encode()


@dataclass(frozen=True)
class Outcome:
    """What a run of scripts/verify_audit.py came to; `found` are kind, product, sequence and key of each finding."""

    status: int
    found: list[tuple[str, ...]]
    output: str
    errors: str


def gap(sequence: int, product_id: str = PRODUCT) -> tuple[str, ...]:
    """Return the finding that records from this one on are missing."""
    return ("Missing", product_id, str(sequence), f"*/{product_id}_*_{sequence}.json")


def about(kind: str, key: str, product_id: str = PRODUCT) -> tuple[str, ...]:
    """Return the finding of some kind about an object."""
    return (kind, product_id, key.rpartition("_")[2].removesuffix(".json"), key)
