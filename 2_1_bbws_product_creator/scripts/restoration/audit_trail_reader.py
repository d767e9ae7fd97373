"""The audit trail as the bucket holds it: which records of each product there are, and what they say."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple, cast

from common import audit_key, timestamps
from common.change_record import RECORD_VERSION, ChangeRecord, has_its_attributes, is_read, record_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

_DAY = timedelta(days=1)

# How far ahead of this clock that of a function may be.
_CLOCKS_DIFFER_BY_AT_MOST = timedelta(minutes=5)


class NotARecord(Exception):
    """An object isn't the record that its key promises, unaltered; the exception says why."""


class Entry(NamedTuple):
    """What an object's key says of the record in it."""

    sequence: int
    applied_at: str
    product_id: str
    key: str


class AuditTrailReader:
    """The audit bucket. Failures of AWS reach the caller as botocore's exceptions.

    Parameters
    ----------
    client : S3Client
        May be used by several threads at a time.
    bucket : str
        The bucket's name.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def since(
        self, moment: datetime, product_ids: Collection[str] = (), until: datetime | None = None
    ) -> dict[str, list[Entry]]:
        """Return the records applied since a moment, in the order of their sequences, by product id.

        Parameters
        ----------
        moment : datetime
            In UTC.
        product_ids : collection of str
            The products to look for; all if there are none.
        until : datetime, optional
            In UTC. A product's records end before the first that was applied later.
        """
        first = timestamps.to_text(moment)
        products: dict[str, list[Entry]] = {}
        for entry in self._entries(moment, list(product_ids) or [""]):
            if entry.applied_at >= first:
                products.setdefault(entry.product_id, []).append(entry)
        for entries in products.values():
            entries.sort()
        if until is not None:
            last = timestamps.to_text(until)
            cut = {
                product_id: list(takewhile(lambda entry: entry.applied_at <= last, entries))
                for product_id, entries in products.items()
            }
            products = {product_id: entries for product_id, entries in cut.items() if entries}
        return products

    def record(self, entry: Entry) -> ChangeRecord:
        """Return the record of an entry.

        Raises
        ------
        NotARecord
            It is no record, not the one that the key says, or altered.
        """
        answer = self._client.get_object(Bucket=self._bucket, Key=entry.key)
        with closing(answer["Body"]) as body:
            content = body.read()
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise NotARecord(f"{entry.key} is no JSON: {error}") from None
        if not isinstance(values, dict) or not is_read(values.get("recordVersion")):
            raise NotARecord(f"{entry.key} is no record of a version from 1 to {RECORD_VERSION}")
        if not has_its_attributes(values):
            raise NotARecord(f"{entry.key} has other attributes than a record")
        if (values["sequence"], values["appliedAt"], values["productId"]) != entry[:3]:
            raise NotARecord(f"{entry.key} holds another record than its key says")
        try:
            own_hash = record_hash(values)
        # A value that can't be written, such as half of a surrogate pair, is a ValueError.
        except (TypeError, ValueError, RecursionError) as error:
            raise NotARecord(f"{entry.key} has no hash: {error}") from None
        if values["hash"] != own_hash:
            raise NotARecord(f"{entry.key} was altered: its hash is not that of its content")
        return cast("ChangeRecord", values)

    def _entries(self, moment: datetime, product_ids: Sequence[str]) -> Iterator[Entry]:
        """Yield what is under the days from that of a moment on, of some products, or of all for an empty id."""
        pages = self._client.get_paginator("list_objects_v2")
        day, last = moment.date(), (timestamps.now() + _CLOCKS_DIFFER_BY_AT_MOST).date()
        while day <= last:
            for product_id in product_ids:
                for page in pages.paginate(Bucket=self._bucket, Prefix=audit_key.day_prefix(day, product_id)):
                    for listed in page.get("Contents", []):
                        # Other keys are for verify_audit.py to tell. If a record is missing for one, that shows.
                        if told := audit_key.read(listed["Key"]):
                            yield Entry(told.sequence, told.applied_at, told.product_id, listed["Key"])
            day += _DAY
