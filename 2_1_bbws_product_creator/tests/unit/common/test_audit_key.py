"""The keys of audit objects."""

from __future__ import annotations

from datetime import date

import pytest

from common import audit_key
from common.audit_key import AuditKey

PRODUCT = "11111111-1111-4111-8111-111111111111"
KEY = f"2026/11/22/{PRODUCT}_2026-11-22T23:59:59.999999Z_7.json"


def test_key_of_a_record_is_under_its_day_and_tells_what_it_is_made_of():
    record = {"productId": PRODUCT, "appliedAt": "2026-11-22T23:59:59.999999Z", "sequence": 7}

    key = AuditKey.of(record)

    assert key.text == KEY
    assert audit_key.read(KEY) == key == (PRODUCT, "2026-11-22T23:59:59.999999Z", 7)
    assert audit_key.day_of(KEY) == date(2026, 11, 22)


def test_keys_of_a_day_and_of_a_product_on_it_begin_alike():
    assert KEY.startswith(audit_key.day_prefix(date(2026, 11, 22), PRODUCT) + "2026-")
    assert KEY.startswith(audit_key.day_prefix(date(2026, 11, 22)) + PRODUCT)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "2026/11/22/",
        f"2026/11/22/{PRODUCT}_2026-11-22T08:00:00.000000Z_1.json\n",
        f"2026/11/22/{PRODUCT}_2026-11-22T08:00:00.000000Z_-1.json",
        f"2026/11/22/{PRODUCT}_2026-11-22T08:00:00.000000Z_٣.json",
        f"2026/11/22/{PRODUCT}_2026-11-22T08:00:00.000000+00:00_1.json",
        f"2026/11/23/{PRODUCT}_2026-11-22T08:00:00.000000Z_1.json",
        f"0000/11/22/{PRODUCT}_0000-11-22T08:00:00.000000Z_1.json",
        f"x/2026/11/22/{PRODUCT}_2026-11-22T08:00:00.000000Z_1.json",
    ],
)
def test_other_keys_tell_nothing(key):
    assert audit_key.read(key) is None


@pytest.mark.parametrize(
    ("prefix", "day"),
    [
        ("2026/11/22/", date(2026, 11, 22)),
        ("2026/11/31/", None),
        ("2026/11/", None),
        ("notes/11/22/", None),
        ("2026/11/22", None),
    ],
)
def test_prefix_of_a_day_tells_the_day(prefix, day):
    assert audit_key.day_of_prefix(prefix) == day
    if day is not None:
        assert audit_key.day_prefix(day) == prefix


def test_key_of_a_record_that_is_not_there_is_a_pattern_without_its_time():
    assert audit_key.pattern(PRODUCT, 7) == f"*/{PRODUCT}_*_7.json"
