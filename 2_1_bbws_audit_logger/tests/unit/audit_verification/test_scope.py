"""Which days are verified, and which are looked at again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.records import PRODUCT

from audit_verification.chains import Gap
from audit_verification.scope import Scope, days_to_look_at_again

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def key_on(day: date) -> str:
    return f"{day:%Y/%m/%d}/{PRODUCT}_{day}T12:00:00.000000Z_1.json"


def days(scope: Scope, gap: Gap, started: datetime = NOON, now: datetime = NOON) -> list[str]:
    return [str(day) for day in days_to_look_at_again(scope, gap, started, now)]


@pytest.mark.parametrize(
    ("scope", "included"),
    [
        (Scope(), ["2026-11-21", "2026-11-22", "2026-11-23"]),
        (Scope(first_day=TODAY), ["2026-11-22", "2026-11-23"]),
        (Scope(last_day=TODAY), ["2026-11-21", "2026-11-22"]),
        (Scope(first_day=TODAY, last_day=TODAY), ["2026-11-22"]),
    ],
)
def test_range_includes_its_ends(scope: Scope, included: list[str]) -> None:
    around = [TODAY + timedelta(days=number) for number in (-1, 0, 1)]
    assert [str(day) for day in around if scope.includes(day)] == included


def test_range_that_ends_today_reaches_what_is_recorded_from_now_on() -> None:
    assert Scope().reaches(NOON)
    assert Scope(last_day=TODAY).reaches(NOON)
    assert not Scope(last_day=TODAY - timedelta(days=1)).reaches(NOON)
    # A function's clock may already show tomorrow.
    assert not Scope(last_day=TODAY).reaches(datetime(2026, 11, 22, 23, 58, tzinfo=UTC))


def test_missing_last_record_may_have_appeared_today() -> None:
    assert days(Scope(), Gap(2, 2, key_on(TODAY - timedelta(days=100)), None)) == ["2026-11-22"]
    assert days(Scope(), Gap(1, 2, None, None)) == ["2026-11-22"]


def test_days_around_midnight_are_both_looked_at() -> None:
    gap = Gap(1, 2, None, None)
    late, early = datetime(2026, 11, 22, 23, 58, tzinfo=UTC), datetime(2026, 11, 23, 0, 10, tzinfo=UTC)
    assert days(Scope(), gap, late, late) == ["2026-11-22", "2026-11-23"]
    assert days(Scope(), gap, early, early) == ["2026-11-22", "2026-11-23"]
    assert days(Scope(), gap, NOON, NOON + timedelta(days=2)) == ["2026-11-22", "2026-11-23", "2026-11-24"]


def test_record_is_not_awaited_outside_the_days_of_those_around_it() -> None:
    long_ago = TODAY - timedelta(days=2)
    assert days(Scope(), Gap(1, 1, None, key_on(long_ago))) == []
    assert days(Scope(), Gap(2, 2, key_on(long_ago), key_on(long_ago))) == []
    assert days(Scope(), Gap(2, 2, key_on(long_ago), key_on(TODAY))) == ["2026-11-22"]
    # The clocks of two functions may differ.
    assert days(Scope(), Gap(2, 2, key_on(long_ago), key_on(TODAY - timedelta(days=1)))) == ["2026-11-22"]
    assert days(Scope(), Gap(2, 2, key_on(TODAY + timedelta(days=1)), None)) == ["2026-11-22"]


def test_record_just_outside_the_range_is_looked_for() -> None:
    scope = Scope(first_day=date(2026, 11, 2), last_day=date(2026, 11, 4))
    first, middle, last = (key_on(date(2026, 11, day)) for day in (2, 3, 4))
    assert days(scope, Gap(2, 2, first, first)) == ["2026-11-01"]
    assert days(scope, Gap(2, 2, first, middle)) == ["2026-11-01"]
    assert days(scope, Gap(2, 2, last, last)) == ["2026-11-05"]
    assert days(scope, Gap(2, 2, middle, middle)) == []


@pytest.mark.parametrize("scope", [Scope(first_day=date.min), Scope(last_day=date.max), Scope()])
def test_first_and_last_of_all_days_are_days(scope: Scope) -> None:
    assert days(scope, Gap(2, 2, key_on(date(1000, 1, 1)), f"9999/12/31/{PRODUCT}"))[-1:] != []
    assert days(scope, Gap(2, 2, f"0001/01/01/{PRODUCT}", key_on(TODAY))) != []
