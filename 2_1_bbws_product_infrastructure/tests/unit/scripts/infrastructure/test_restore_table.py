"""scripts/restore_table.py: what is restored, what is refused, and how long it waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.scripts.infrastructure.conftest import Refusal

import restore_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Account, Ended
    from tests.unit.scripts.infrastructure.conftest import Aws

TABLE, RESTORED = "bbws-products-dev", "bbws-products-dev-restored"
MOMENT = datetime(2026, 11, 22, 8, tzinfo=UTC)
RECOVERY = {
    "PointInTimeRecoveryStatus": "ENABLED",
    "EarliestRestorableDateTime": MOMENT - timedelta(days=35),
    "LatestRestorableDateTime": MOMENT + timedelta(minutes=1),
}


def described(status: str, *, in_progress: bool | None = None, source: str = TABLE) -> dict[str, Any]:
    """Return what DynamoDB says of a table; without ``in_progress`` of one that wasn't restored."""
    summary = {
        "SourceTableArn": f"arn:aws:dynamodb:eu-west-1:000000000000:table/{source}",
        "RestoreDateTime": MOMENT,
        "RestoreInProgress": in_progress,
    }
    return {"Table": {"TableStatus": status, **({} if in_progress is None else {"RestoreSummary": summary})}}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time pass at once, and return the lengths of the pauses."""
    pauses: list[float] = []
    monkeypatch.setattr(restore_table.time, "sleep", pauses.append)
    monkeypatch.setattr(restore_table.time, "monotonic", lambda: sum(pauses))
    return pauses


@pytest.fixture
def restorable(dev: Account, aws: Aws) -> Aws:
    """An environment whose table can be restored, where no other table is, and restoring it takes two looks."""
    dev.state("2_1_bbws_product_infrastructure", table_name=TABLE)
    aws.answers("dynamodb.DescribeContinuousBackups", backups(RECOVERY))
    aws.answers(
        "dynamodb.DescribeTable",
        Refusal("ResourceNotFoundException"),
        described("CREATING", in_progress=True),
        described("ACTIVE", in_progress=True),
        described("ACTIVE", in_progress=False),
    )
    aws.answers("dynamodb.RestoreTableToPointInTime", {"TableDescription": {"RestoreSummary": summary()}})
    return aws


def backups(recovery: dict[str, Any]) -> dict[str, Any]:
    return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery} if recovery else {}}


def summary() -> dict[str, Any]:
    return {"RestoreDateTime": MOMENT}


@pytest.mark.parametrize(
    ("at", "asked"),
    [
        ("latest", {"UseLatestRestorableTime": True}),
        ("2026-11-22T08:00:00Z", {"RestoreDateTime": MOMENT}),
        ("2026-11-22T10:00:00+02:00", {"RestoreDateTime": MOMENT}),
    ],
)
def test_table_is_restored_to_the_moment_and_waited_for_until_it_is_active_and_whole(
    restorable: Aws, run: Callable[..., Ended], pauses: list[float], at: str, asked: dict[str, Any]
) -> None:
    ended = run("restore_table", "dev", RESTORED, "--at", at)

    assert ended.status == 0, ended.err
    (request,) = restorable.asked("dynamodb.RestoreTableToPointInTime")
    assert request == {"SourceTableName": TABLE, "TargetTableName": RESTORED, **asked}
    assert ended.out == f"{RESTORED} is what {TABLE} was at 2026-11-22T08:00:00Z; that took 0 min\n"
    assert len(pauses) == 2


def test_moment_that_aws_does_not_confirm_is_the_one_that_was_asked_for(
    restorable: Aws, run: Callable[..., Ended]
) -> None:
    restorable.answers("dynamodb.RestoreTableToPointInTime", {"TableDescription": {}})

    ended = run("restore_table", "dev", RESTORED, "--at", "2026-11-21T08:00:00Z")

    assert f"{RESTORED} is what {TABLE} was at 2026-11-21T08:00:00Z" in ended.out


def test_long_restoration_says_every_minute_that_it_goes_on(restorable: Aws, run: Callable[..., Ended]) -> None:
    busy = [described("CREATING", in_progress=True)] * 25
    restorable.answers(
        "dynamodb.DescribeTable",
        Refusal("ResourceNotFoundException"),
        *busy,
        described("ACTIVE", in_progress=False),
    )

    ended = run("restore_table", "dev", RESTORED, "--at", "latest")

    assert ended.out.splitlines()[:-1] == [f"{RESTORED} is being restored for {minutes} min" for minutes in (1, 2)]


@pytest.mark.parametrize("at", ["latest", "2026-11-22T08:00:00Z"])
def test_restoration_that_is_under_way_is_taken_up(restorable: Aws, run: Callable[..., Ended], at: str) -> None:
    restorable.answers(
        "dynamodb.DescribeTable", described("CREATING", in_progress=True), described("ACTIVE", in_progress=False)
    )

    ended = run("restore_table", "dev", RESTORED, "--at", at)

    assert ended.status == 0, ended.err
    assert not restorable.asked("dynamodb.RestoreTableToPointInTime")


@pytest.mark.parametrize(
    ("there", "at", "said"),
    [
        (described("ACTIVE"), "latest", f"there is a table {RESTORED} already, which isn't a restored {TABLE}"),
        (
            described("ACTIVE", in_progress=False, source="bbws-products-dev-older"),
            "latest",
            f"there is a table {RESTORED} already, which isn't a restored {TABLE}",
        ),
        (
            described("CREATING", in_progress=True),
            "2026-11-21T08:00:00Z",
            f"{RESTORED} is restored to 2026-11-22T08:00:00Z already",
        ),
    ],
)
def test_another_table_under_the_same_name_is_refused(
    restorable: Aws, run: Callable[..., Ended], there: dict[str, Any], at: str, said: str
) -> None:
    restorable.answers("dynamodb.DescribeTable", there)

    ended = run("restore_table", "dev", RESTORED, "--at", at)

    assert (ended.status, ended.err) == (1, f"error: {said}: choose another name\n")
    assert not restorable.asked("dynamodb.RestoreTableToPointInTime")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (backups({}), f"{TABLE} has no point-in-time recovery: the runbook says how to restore a backup"),
        (backups({"PointInTimeRecoveryStatus": "DISABLED"}), f"{TABLE} has no point-in-time recovery"),
        (Refusal("TableNotFoundException"), f"there is no table {TABLE}: the runbook says how to restore one"),
        (Refusal("ResourceNotFoundException"), f"there is no table {TABLE}: the runbook says how to restore one"),
        (Refusal("AccessDeniedException"), "AWS refused or failed: "),
    ],
)
def test_table_that_cannot_be_restored_is_told(
    restorable: Aws, run: Callable[..., Ended], answer: object, said: str
) -> None:
    restorable.answers("dynamodb.DescribeContinuousBackups", answer)

    ended = run("restore_table", "dev", RESTORED, "--at", "latest")

    assert ended.status == 1
    assert ended.err.startswith(f"error: {said}")
    assert not restorable.asked("dynamodb.RestoreTableToPointInTime")


@pytest.mark.parametrize("at", ["2026-10-18T07:59:59Z", "2026-11-22T08:01:01Z"])
def test_moment_that_is_out_of_reach_is_refused(restorable: Aws, run: Callable[..., Ended], at: str) -> None:
    ended = run("restore_table", "dev", RESTORED, "--at", at)

    said = f"error: {TABLE} can be restored to a moment from 2026-10-18T08:00:00Z to 2026-11-22T08:01:00Z\n"
    assert (ended.status, ended.err) == (1, said)
    assert not restorable.asked("dynamodb.RestoreTableToPointInTime")


def test_table_in_use_is_not_restored_into_itself(restorable: Aws, run: Callable[..., Ended]) -> None:
    ended = run("restore_table", "dev", TABLE, "--at", "latest")

    assert ended.status == 1
    assert f"{TABLE} is in use, and can't be restored into itself" in ended.err


def test_failure_while_waiting_is_told_and_the_next_run_goes_on(restorable: Aws, run: Callable[..., Ended]) -> None:
    restorable.answers(
        "dynamodb.DescribeTable", Refusal("ResourceNotFoundException"), Refusal("InternalServerError", 500)
    )
    failed = run("restore_table", "dev", RESTORED, "--at", "latest")
    restorable.answers("dynamodb.DescribeTable", described("ACTIVE", in_progress=False))
    again = run("restore_table", "dev", RESTORED, "--at", "latest")

    assert failed.err.startswith("error: AWS refused or failed: ")
    assert (failed.status, again.status) == (1, 0)
    assert len(restorable.asked("dynamodb.RestoreTableToPointInTime")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bbws-products-sit-restored", "--at", "latest"), "TABLE: must be bbws-products-dev, or that and a suffix"),
        ((f"{RESTORED}{'d' * 255}", "--at", "latest"), "TABLE: must be"),
        ((RESTORED, "--at", "yesterday"), "--at: must be a moment in the form 2026-11-22T08:00:00Z, or latest"),
        ((RESTORED, "--at", "2026-11-22T08:00:00"), "--at: must be a moment in the form"),
        ((RESTORED,), "the following arguments are required: --at"),
    ],
)
def test_wrong_command_line_names_the_argument(
    run: Callable[..., Ended], arguments: tuple[str, ...], said: str
) -> None:
    ended = run("restore_table", "dev", *arguments)

    assert ended.status == 2
    assert said in ended.err
