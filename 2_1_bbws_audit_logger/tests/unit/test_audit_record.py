"""Reading the audit queue."""

from __future__ import annotations

import hashlib
import json

import pytest
from tests.records import PRODUCT, object_key, record

from audit_record import read
from common.batch import InvalidMessage


def test_record_is_read_as_it_was_sent() -> None:
    assert read(json.dumps(record())) == record()


def test_hash_is_what_anyone_computes_from_the_canonical_json() -> None:
    """The specification in DESIGN's words, computed here without the service's code."""
    values = {name: value for name, value in record().items() if name != "hash"}
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    assert record()["hash"] == hashlib.sha256(canonical).hexdigest()


def test_object_lies_under_the_day_on_which_the_change_was_applied() -> None:
    assert object_key(record(7)) == f"2026/11/22/{PRODUCT}_2026-11-22T23:59:59.999999Z_7.json"


@pytest.mark.parametrize("name", list(record()))
def test_missing_attribute_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(InvalidMessage, match=name):
        read(json.dumps({part: value for part, value in record().items() if part != name}))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("no JSON", "JSON"),
        ("[]", "object"),
        ("[" * 100_000, "JSON"),
        (json.dumps(record(recordVersion=3)), "recordVersion"),
        (json.dumps(record(appliedAt="2026-11-22")), "appliedAt"),
        (json.dumps(record(appliedAt=None)), "appliedAt"),
        (json.dumps(record(requestedAt=7)), "requestedAt"),
        (json.dumps(record(productId="../17")), "productId"),
        (json.dumps(record(sequence=0)), "sequence"),
        (json.dumps(record(sequence="1")), "sequence"),
        (json.dumps(record(sequence=True)), "sequence"),
        (json.dumps(record(sequence=10**10)), "sequence"),
        (json.dumps({**record(), "status": "REJECTED"}), "hash"),
        (json.dumps({**record(), "hash": "0" * 64}), "hash"),
        (json.dumps({**record(), "version": 1.5}), "float"),
        (json.dumps({**record(), "reason": "half a pair: \ud83d"}), "hash"),
    ],
)
def test_wrong_record_is_refused_with_the_reason(body: str, named: str) -> None:
    with pytest.raises(InvalidMessage, match=named):
        read(body)
