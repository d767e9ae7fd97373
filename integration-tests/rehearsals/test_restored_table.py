"""The product table restored under another name, and Terraform taking that table for its own."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from rehearsals.copies import Copy

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
