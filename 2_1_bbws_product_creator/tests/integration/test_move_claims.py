"""Claims to names from before only what is seen counted: how the creator heeds them, and how a script moves them."""

from __future__ import annotations

import contextlib
import itertools
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.changes import FIELDS, OTHER_PRODUCT, PRODUCT, create, delete, requested_at, update
from tests.faults import Fault, FaultyAws, Killed, between, faults_of
from tests.interruptions import interrupt

import index_products
import move_claims
from common import aws
from common.attribute_values import from_item, to_item
from common.index_keys import BY_NAME, name_range
from common.product_table import claim_key, claim_keys, head_key
from common.text import fold, former_fold
from deployment import terraform
from ledger import Ledger
from pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.product_table import ProductTable

ACCOUNT = "123456789012"
PLAIN = "Plan Pro"
NO_BREAK = "Plan\u00a0Pro"
TWO_BLANKS = "Plan  Pro"
THIRD = "33333333-3333-4333-8333-333333333333"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(terraform, "account_id", lambda _: ACCOUNT)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return what runs the script, and returns its exit status, its output and its errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = move_claims.main(["local", *arguments])
        output, errors = capsys.readouterr()
        return status, output, errors

    return run


@pytest.fixture
def apply(table: ProductTable, audit_queue_url: str) -> Callable[..., str]:
    """Return what has the creator apply a change, and returns what became of it."""
    pipeline = Pipeline(Ledger(table.client, table.name), aws.client("sqs"), audit_queue_url)

    def apply(change: Any) -> str:
        record = pipeline.apply(change)
        return record["reason"] or record["status"]

    return apply


@pytest.fixture
def before(table: ProductTable, stored_product: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return what stores a product as creators did before: claim and key of the index are of the former fold."""

    def store(name: str, product_id: str = PRODUCT, **fields: object) -> dict[str, Any]:
        claimed = table.item(claim_key(name))
        product = stored_product(
            **{
                **FIELDS,
                "features": [],
                "name": name,
                "productId": product_id,
                "dateCreated": requested_at(-60),
                **fields,
            }
        )
        table.client.delete_item(TableName=table.name, Key=to_item(claim_key(name)))
        if claimed is not None:
            table.client.put_item(TableName=table.name, Item=to_item(claimed))
        if product["active"]:
            claim = {"PK": f"NAME#{former_fold(name)}", "SK": "NAME", "productId": product_id}
            table.client.put_item(TableName=table.name, Item=to_item(claim))
        table.client.update_item(
            TableName=table.name,
            Key=to_item(head_key(product_id)),
            UpdateExpression="SET GSI2_SK = :key",
            ExpressionAttributeValues=to_item({":key": f"{former_fold(name)}\t{product_id}"}),
        )
        return product

    return store


def claims(table: ProductTable) -> dict[str, str]:
    """Return who has which name, as it is claimed."""
    items = map(from_item, table.client.scan(TableName=table.name, ConsistentRead=True)["Items"])
    return {str(item["PK"]).removeprefix("NAME#"): str(item["productId"]) for item in items if item["SK"] == "NAME"}


def found(table: ProductTable, beginning: str) -> list[str]:
    """Return the names of the products on sale that a search finds."""
    lowest, highest = name_range(beginning)
    answer = table.client.query(
        TableName=table.name,
        IndexName=BY_NAME.name,
        KeyConditionExpression="GSI2_PK = :partition AND GSI2_SK BETWEEN :lowest AND :highest",
        ExpressionAttributeValues=to_item({":partition": "PRODUCT#ACTIVE", ":lowest": lowest, ":highest": highest}),
    )
    return [str(from_item(item)["name"]) for item in answer["Items"]]


def assert_each_has_its_claim(table: ProductTable) -> None:
    """Each product on sale has a claim, under one of the keys that its name may have."""
    held = claims(table)
    for item in map(from_item, table.client.scan(TableName=table.name, ConsistentRead=True)["Items"]):
        if item["SK"] == "METADATA" and item["active"]:
            keys = [key["PK"].removeprefix("NAME#") for key in claim_keys(str(item["name"]))]
            assert item["productId"] in [held.get(key) for key in keys]


# The creator, before the script has run


def test_names_that_look_the_same_are_the_same(table: ProductTable, apply: Callable[..., str]) -> None:
    assert apply(create(name=PLAIN)) == "APPLIED"

    for number, name in enumerate((NO_BREAK, TWO_BLANKS, "Plan\u00ad Pro", "PLAN\u2003PRO", "P\u200blan Pro")):
        assert apply(create(name=name, product_id=str(uuid.UUID(int=number, version=4)))) == "NameTaken"
    assert claims(table) == {"plan pro": PRODUCT}


@pytest.mark.parametrize("name", [NO_BREAK, NO_BREAK.upper()])
def test_claim_from_before_keeps_others_from_its_name(
    before: Callable[..., dict[str, Any]], apply: Callable[..., str], name: str
) -> None:
    before(NO_BREAK)
    assert apply(create(name=name, product_id=OTHER_PRODUCT)) == "NameTaken"


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (delete(1), {}),
        (update(1, name="Plan Max"), {"plan max": PRODUCT}),
        (update(1, name=PLAIN), {"plan pro": PRODUCT}),
        (update(1, name=TWO_BLANKS), {"plan pro": PRODUCT}),
        (update(1, name=NO_BREAK.upper()), {"plan\u00a0pro": PRODUCT}),
        (update(1, price="1.00"), {"plan\u00a0pro": PRODUCT}),
    ],
    ids=["withdrawn", "renamed", "plainly", "otherwise", "in capitals", "name as it was"],
)
def test_claim_from_before_is_released_with_its_name(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    apply: Callable[..., str],
    change: Any,
    left: dict[str, str],
) -> None:
    before(NO_BREAK)
    assert apply(change) == "APPLIED"
    assert claims(table) == left


def test_name_that_is_another_s_by_now_is_released_without_it(
    table: ProductTable, before: Callable[..., dict[str, Any]], apply: Callable[..., str]
) -> None:
    before(NO_BREAK)
    before(PLAIN, OTHER_PRODUCT)

    assert apply(update(1, price="1.00")) == "APPLIED"
    assert apply(update(2, name=PLAIN)) == "NameTaken"
    assert apply(update(3, product_id=OTHER_PRODUCT, name=NO_BREAK)) == "NameTaken"
    assert apply(delete(4)) == "APPLIED"
    assert claims(table) == {"plan pro": OTHER_PRODUCT}
    assert apply(update(5, active=True)) == "NameTaken"


def test_claim_that_is_moved_while_a_change_is_decided_is_released_where_it_is(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    apply: Callable[..., str],
    run: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before(NO_BREAK)
    commits = itertools.count(1)
    monkeypatch.setattr("time.sleep", lambda _: None)

    def moved_before(**_: object) -> None:
        if next(commits) == 1:
            run()

    client = table.client
    client.meta.events.register("provide-client-params.dynamodb.TransactWriteItems", moved_before)
    try:
        assert apply(delete(1)) == "APPLIED"
    finally:
        client.meta.events.unregister("provide-client-params.dynamodb.TransactWriteItems", moved_before)
    assert claims(table) == {}


# The script


def test_claims_get_where_they_belong(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    apply: Callable[..., str],
    run: Callable[..., tuple[int, str, str]],
) -> None:
    before(NO_BREAK)
    before("Plan Max", OTHER_PRODUCT)
    before("Plan  Mini", THIRD, active=False)

    status, output, errors = run()

    assert (status, errors) == (0, "")
    assert output.startswith("bbws-products-local: of 2 claims 1 were right, 1 moved, 0 released and 0 clashed, in ")
    assert claims(table) == {"plan pro": PRODUCT, "plan max": OTHER_PRODUCT}
    assert apply(create(name=PLAIN, product_id=str(uuid.UUID(int=4, version=4)))) == "NameTaken"
    assert "of 2 claims 2 were right, 0 moved" in run()[1]


def test_claim_that_an_older_creator_left_behind_is_released(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    run: Callable[..., tuple[int, str, str]],
) -> None:
    """After a rollback: it withdraws a product whose claim was moved, and looks for it where it was."""
    before(NO_BREAK)
    run()
    before(NO_BREAK, active=False)
    table.client.put_item(TableName=table.name, Item=to_item({**claim_key(PLAIN), "productId": PRODUCT}))

    status, output, _ = run()

    assert status == 0
    assert "0 moved, 1 released" in output
    assert claims(table) == {}


def test_clash_is_reported_and_left_to_people(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    apply: Callable[..., str],
    run: Callable[..., tuple[int, str, str]],
) -> None:
    before(NO_BREAK)
    before(PLAIN, OTHER_PRODUCT)

    status, output, errors = run()

    assert status == 1
    assert "0 moved, 0 released and 1 clashed" in output
    assert errors == f"clash: product {PRODUCT} 'Plan\\xa0Pro' and product {OTHER_PRODUCT} 'Plan Pro'\n"
    assert claims(table) == {"plan\u00a0pro": PRODUCT, "plan pro": OTHER_PRODUCT}
    assert apply(create(name=NO_BREAK, product_id=THIRD)) == "NameTaken"
    assert apply(update(1, name="Plan Pro 2")) == "APPLIED"
    assert run()[0] == 0
    assert claims(table) == {"plan pro 2": PRODUCT, "plan pro": OTHER_PRODUCT}


def test_product_that_the_creator_writes_meanwhile_is_read_again(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    apply: Callable[..., str],
    run: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before(NO_BREAK)
    moving = move_claims.moving
    changes = [update(1, name="Plan\u00a0Max")]

    def overtaken(*arguments: Any) -> Any:
        writes = moving(*arguments)
        while changes:
            assert apply(changes.pop()) == "APPLIED"
        return writes

    monkeypatch.setattr(move_claims, "moving", overtaken)

    assert run()[0] == 0
    assert claims(table) == {"plan max": PRODUCT}


def test_claim_that_its_product_takes_again_meanwhile_stays(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    apply: Callable[..., str],
    run: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before(PLAIN, active=False)
    table.client.put_item(TableName=table.name, Item=to_item({**claim_key(PLAIN), "productId": PRODUCT}))
    moving = move_claims.moving
    changes = [update(1, active=True)]

    def overtaken(*arguments: Any) -> Any:
        while changes:
            assert apply(changes.pop()) == "APPLIED"
        return moving(*arguments)

    monkeypatch.setattr(move_claims, "moving", overtaken)

    assert run()[0] == 0
    assert claims(table) == {"plan pro": PRODUCT}


CALLS = {"dynamodb.Scan": 1, "dynamodb.GetItem": 4, "dynamodb.TransactWriteItems": 3}


@pytest.fixture
def three(table: ProductTable, before: Callable[..., dict[str, Any]], stored_product: Callable[..., Any]) -> None:
    """Store a product to be moved, one that is right, a claim to be released, and another one to be moved."""
    before(NO_BREAK)
    before("Plan Max", OTHER_PRODUCT)
    before("Plan  Mini", THIRD)
    left = {"PK": "NAME#plan nano", "SK": "NAME", "productId": THIRD}
    table.client.put_item(TableName=table.name, Item=to_item(left))


def faulty(monkeypatch: pytest.MonkeyPatch, fault: Fault | None) -> tuple[FaultyAws, Any]:
    """Return AWS with a fault, and what makes the script meet it."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    faulty_aws = FaultyAws(fault)
    client = boto3.client("dynamodb", config=move_claims.Config(retries={"total_max_attempts": 2}))
    others = boto3.client

    def made(service: str, **options: Any) -> Any:
        return client if service == "dynamodb" else others(service, **options)

    monkeypatch.setattr(boto3, "client", made)
    return faulty_aws, client


@pytest.mark.usefixtures("three")
def test_run_without_a_fault_makes_these_calls(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty_aws, client = faulty(monkeypatch, None)
    with between([client], faulty_aws.send):
        assert run()[0] == 0
    assert faulty_aws.requests == CALLS


# It ends there, DynamoDB fails until it gives up, or somebody else is at the same items.
INTERRUPTIONS = [
    fault
    for fault in faults_of(CALLS)
    if (fault.kind, fault.attempts) in (("killed", 1), ("5xx", 2), ("transaction conflict", 1))
]


@pytest.mark.parametrize("fault", INTERRUPTIONS, ids=str)
@pytest.mark.usefixtures("three")
def test_interrupted_at_any_step_it_goes_on_when_it_is_run_again(
    fault: Fault, table: ProductTable, run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        faulty_aws, client = faulty(patched, fault)
        with between([client], faulty_aws.send), contextlib.suppress(Killed):
            run()
    assert faulty_aws.happened > 0
    assert_each_has_its_claim(table)

    assert run()[0] == 0
    assert claims(table) == {"plan pro": PRODUCT, "plan max": OTHER_PRODUCT, "plan mini": THIRD}


@pytest.mark.usefixtures("three")
def test_ctrl_c_ends_it_between_two_claims(
    table: ProductTable, run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = move_claims.settle

    def interrupted(*arguments: Any) -> Any:
        interrupt()
        return settle(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(move_claims, "settle", interrupted)
        status, _, errors = run()
    assert status == 130
    assert errors == "interrupted: what was moved stays; run it again\n"
    assert_each_has_its_claim(table)
    assert run()[0] == 0


@pytest.mark.parametrize("name", ["bbws-products-dev", "other", "bbws-products-local-", "bbws-products-localx"])
def test_table_of_another_environment_is_refused(table: ProductTable, name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        move_claims.main(["local", "--table", name])
    assert ended.value.code == 2


# The keys of the index


def test_products_from_before_are_found_by_what_is_seen_once_their_keys_are_made_again(
    table: ProductTable, before: Callable[..., dict[str, Any]]
) -> None:
    before(NO_BREAK)
    before("Plan\u00ad  Pro X", OTHER_PRODUCT)
    assert found(table, "Plan Pro") == []

    assert index_products.main(["local"]) == 0

    assert found(table, "Plan Pro") == found(table, TWO_BLANKS) == [NO_BREAK, "Plan\u00ad  Pro X"]
    assert fold(NO_BREAK) == "plan pro"
