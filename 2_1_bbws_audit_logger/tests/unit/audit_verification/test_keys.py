"""The keys of audit objects."""

from __future__ import annotations

from datetime import date

import pytest
from tests.records import PRODUCT, record

from audit_record import object_key
from audit_verification import keys


def test_key_of_the_audit_logger_tells_its_record() -> None:
    key = object_key(record(7))
    told = keys.read(key)
    assert told == keys.AuditKey(PRODUCT, "2026-11-22T23:59:59.999999Z", 7)
    assert told.text == key
    assert keys.day_of(key) == date(2026, 11, 22)


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
def test_other_keys_tell_nothing(key: str) -> None:
    assert keys.read(key) is None


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
def test_prefix_of_a_day_tells_the_day(prefix: str, day: date | None) -> None:
    assert keys.day_of_prefix(prefix) == day
    if day is not None:
        assert keys.day_prefix(day) == prefix
