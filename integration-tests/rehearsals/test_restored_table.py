"""The product table restored under another name, and Terraform taking that table for its own."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from rehearsals.copies import INFRASTRUCTURE, Copy

TABLE = "bbws-products-local"
RESTORED = "bbws-products-local-restored"
TAKEN = "bbws-products-local-taken"
ADDRESS = "aws_dynamodb_table.products"
KEYS = {"admin": "a-key-of-the-admin-alone", "storefront": "a-key-of-the-storefront"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return an environment with a product table and some items in it."""
    copy = Copy.make(tmp_path_factory.mktemp("rehearsed"), "bbws-rehearsed-tables")
    assert copy.run("restore_table.py", "local", RESTORED, "--at", "latest").stderr.startswith(
        "error: the infrastructure of local has no state"
    )
    assert copy.apply(ADDRESS, api_key_values=KEYS) == {(ADDRESS, "create")}
    table = boto3.resource("dynamodb").Table(TABLE)
    for number in range(3):
        table.put_item(Item={"PK": f"PRODUCT#{number}", "SK": "METADATA", "GSI1_PK": "A", "GSI1_SK": str(number)})
    return copy


@pytest.fixture(scope="module")
def refused(environment: Copy) -> dict[str, str]:
    """Return what the script says of tables that it doesn't restore, by their names."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TAKEN,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
    )
    before = client.list_tables()["TableNames"]
    moments = {TABLE: "latest", TAKEN: "latest", RESTORED: "2020-01-01T00:00:00Z"}
    done = {table: environment.run("restore_table.py", "local", table, "--at", at) for table, at in moments.items()}
    assert {each.returncode for each in done.values()} == {1}
    assert client.list_tables()["TableNames"] == before
    return {table: each.stderr for table, each in done.items()}


@pytest.fixture(scope="module")
def said(environment: Copy, refused: object) -> str:
    """Return what the script says of the restored table."""
    done = environment.run("restore_table.py", "local", RESTORED, "--at", "latest")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def described(table: str) -> dict[str, Any]:
    """Return what Terraform has to settle of a table, because restoring doesn't."""
    client = boto3.client("dynamodb")
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    ttl = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return {
        "recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "ttl": ttl.get("AttributeName"),
    }


def test_restored_table_holds_what_the_table_in_use_held_and_that_stays_in_use(environment: Copy, said: str) -> None:
    assert said.startswith(f"{RESTORED} is what {TABLE} was at 20")
    restored, table = (boto3.resource("dynamodb").Table(name) for name in (RESTORED, TABLE))
    assert restored.scan()["Items"] == table.scan()["Items"]
    assert restored.scan(IndexName="ProductsByPriceIndex")["Count"] == 3
    assert environment.outputs()["table_name"] == TABLE


def test_terraform_takes_it_for_its_own_settles_it_and_leaves_the_other_alone(environment: Copy, said: str) -> None:
    assert described(RESTORED) == {"recovery": "DISABLED", "ttl": None}
    environment.settings_file.write_text(environment.settings + f'table_name = "{RESTORED}"\n')
    environment.terraform("state", "rm", ADDRESS)

    assert environment.apply(ADDRESS, api_key_values=KEYS) == {(ADDRESS, "import update")}

    assert described(RESTORED) == {"recovery": "ENABLED", "ttl": "expiresAt"}
    assert environment.outputs()["table_name"] == RESTORED
    assert environment.outputs()["table_arn"].endswith(f":table/{RESTORED}")
    assert boto3.resource("dynamodb").Table(TABLE).scan()["Count"] == 3
    assert environment.apply(ADDRESS, api_key_values=KEYS) == set()

    done = environment.run("validate_infrastructure.py", "local")
    assert done.stdout, done.stderr
    lines = done.stdout.splitlines()
    promises = {(line.split()[0], line.split()[2]) for line in lines if " table bbws-" in line}
    assert promises == {("kept", RESTORED)}


def test_what_can_not_be_restored_is_refused(refused: dict[str, str]) -> None:
    assert refused[TABLE].startswith(f"error: {TABLE} is in use, and can't be restored into itself: give the restored ")
    assert refused[TAKEN].startswith(
        f"error: there is a table {TAKEN} already, which isn't a restored {TABLE}: choose "
    )
    assert refused[RESTORED].startswith(f"error: {TABLE} can be restored to a moment from 20")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bbws-products-dev-restored", "--at", "latest"), "TABLE: must be bbws-products-local, or that and a suffix"),
        ((RESTORED, "--at", "yesterday"), "--at: must be a moment in the form 2026-11-22T08:00:00Z, or latest"),
        ((RESTORED, "--at", "2026-11-22T08:00:00"), "--at: must be a moment in the form"),
        ((RESTORED,), "the following arguments are required: --at"),
    ],
)
def test_wrong_command_line_names_the_argument(environment: Copy, arguments: tuple[str, ...], said: str) -> None:
    done = environment.run("restore_table.py", "local", *arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_credentials_of_another_account_are_refused(environment: Copy) -> None:
    done = environment.run("restore_table.py", "local", RESTORED, "--at", "latest", AWS_ACCESS_KEY_ID="111111111111")
    assert done.stderr == "error: these credentials are for account 111111111111, which is not that of local\n"


# What MiniStack doesn't say of a restored table


MOMENT = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Restoring:
    """Stands for DynamoDB while a table is restored, and tells of that as DynamoDB does.

    Source: RestoreSummary and TableDescription in the DynamoDB API reference.
    """

    class exceptions:  # noqa: N801  as botocore calls it
        TableNotFoundException = ResourceNotFoundException = LookupError

    def __init__(self, source: str = TABLE, looks: int = 0) -> None:
        self._summary = {
            "SourceTableArn": f"arn:aws:dynamodb:eu-west-1:000000000000:table/{source}",
            "RestoreDateTime": MOMENT,
        }
        self._looks = looks
        self.asked: list[str] = []
        # Status, and whether it is still being restored, as often as somebody looked.
        self.told: list[tuple[str, bool]] = []

    def describe_continuous_backups(self, **_: object) -> Any:
        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "EarliestRestorableDateTime": MOMENT - timedelta(days=35),
            "LatestRestorableDateTime": MOMENT + timedelta(minutes=1),
        }
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}

    def describe_table(self, **_: object) -> Any:
        self._looks -= 1
        busy = self._looks >= 0
        status = "CREATING" if self._looks > 0 else "ACTIVE"
        self.told.append((status, busy))
        return {"Table": {"TableStatus": status, "RestoreSummary": {**self._summary, "RestoreInProgress": busy}}}

    def restore_table_to_point_in_time(self, **request: object) -> Any:
        self.asked.append(str(request))
        return {"TableDescription": {"RestoreSummary": self._summary}}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the script as a module."""
    monkeypatch.syspath_prepend(INFRASTRUCTURE / "scripts")
    monkeypatch.setattr("time.sleep", lambda _: None)
    return importlib.import_module("restore_table")


@pytest.mark.parametrize("at", [None, MOMENT])
def test_restoration_that_is_under_way_is_taken_up(script: Any, at: datetime | None) -> None:
    aws = Restoring()
    assert script.restore(aws, TABLE, RESTORED, at) == MOMENT
    assert aws.asked == []


@pytest.mark.parametrize(("source", "at"), [("bbws-products-local-older", MOMENT), (TABLE, MOMENT - timedelta(1))])
def test_restoration_of_something_else_under_the_same_name_is_refused(script: Any, source: str, at: datetime) -> None:
    aws = Restoring(source)
    with pytest.raises(SystemExit, match="choose another name"):
        script.restore(aws, TABLE, RESTORED, at)
    assert aws.asked == []


def test_table_is_waited_for_until_it_is_active_and_whole(script: Any) -> None:
    aws = Restoring(looks=4)
    script.wait(aws, RESTORED)
    assert aws.told[-2:] == [("ACTIVE", True), ("ACTIVE", False)]


def test_table_without_recovery_and_one_that_is_gone_are_told(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Restoring()
    monkeypatch.setattr(aws, "describe_continuous_backups", lambda **_: {"ContinuousBackupsDescription": {}})
    with pytest.raises(SystemExit, match="has no point-in-time recovery: the runbook says how"):
        script.restore(aws, TABLE, RESTORED, None)

    def gone(**_: object) -> Any:
        raise LookupError

    monkeypatch.setattr(aws, "describe_continuous_backups", gone)
    with pytest.raises(SystemExit, match=f"there is no table {TABLE}: the runbook says how"):
        script.restore(aws, TABLE, RESTORED, None)
