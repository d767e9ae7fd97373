"""What scripts/index_products.py does and says: it fills an index that was added beside the others."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.changes import FIELDS, requested_at, update
from tests.interruptions import interrupt

import index_products
from common import aws
from common.attribute_values import from_item, to_item
from common.index_keys import BY_PRICE, index_keys
from common.product_table import head_key
from deployment import terraform
from ledger import Ledger
from pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.product_table import ProductTable

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(terraform, "account_id", lambda _: ACCOUNT)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return what runs the script, and returns its exit status, its output and its errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = index_products.main(["local", "--workers", "2", *arguments])
        output, errors = capsys.readouterr()
        return status, output, errors

    return run


@pytest.fixture
def before(table: ProductTable, stored_product: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return what stores a product as the first release did, without the keys of the new index."""

    def store(**fields: object) -> dict[str, Any]:
        product = stored_product(**fields)
        table.client.update_item(
            TableName=table.name,
            Key=to_item(head_key(product["productId"])),
            UpdateExpression=f"REMOVE {BY_PRICE.partition_key}, {BY_PRICE.sort_key}",
        )
        return product

    return store


def items(table: ProductTable) -> list[dict[str, object]]:
    return [from_item(item) for item in table.client.scan(TableName=table.name)["Items"]]


def indexed(table: ProductTable, partition: str = "PRODUCT#ACTIVE") -> list[str]:
    """Return the sort keys of the products that the new index holds."""
    answer = table.client.query(
        TableName=table.name,
        IndexName=BY_PRICE.name,
        KeyConditionExpression="GSI4_PK = :partition",
        ExpressionAttributeValues=to_item({":partition": partition}),
    )
    return [str(from_item(item)["GSI4_SK"]) for item in answer["Items"]]


def test_products_from_before_get_into_the_index_and_stay_as_they_are(
    table: ProductTable, before: Callable[..., dict[str, Any]], run: Callable[..., tuple[int, str, str]]
) -> None:
    products = [before(price="9.99"), before(price="100.00", currency="USD"), before(price="10.50", currency="JPY")]
    withdrawn = before(active=False)
    as_they_were = {item["PK"]: item for item in items(table) if item["SK"] == "METADATA"}
    assert indexed(table) == []

    status, output, errors = run()

    assert (status, errors) == (0, "")
    assert output.startswith("bbws-products-local: of 4 products 0 had their keys and 4 got them, in ")
    assert indexed(table) == sorted(index_keys(product)["GSI4_SK"] for product in products)  # type: ignore[arg-type]
    assert indexed(table, "PRODUCT#INACTIVE") == [index_keys(withdrawn)["GSI4_SK"]]  # type: ignore[arg-type]
    for item in items(table):
        if item["SK"] == "METADATA":
            assert {name: value for name, value in item.items() if name not in BY_PRICE} == as_they_were[item["PK"]]


def test_run_once_more_has_nothing_to_do(
    table: ProductTable, before: Callable[..., dict[str, Any]], run: Callable[..., tuple[int, str, str]]
) -> None:
    before()
    run()
    there = items(table)

    assert run()[1].startswith("bbws-products-local: of 1 product 1 had their keys and 0 got them, in ")
    assert items(table) == there


def test_key_that_an_older_creator_left_where_it_was_is_put_right(
    table: ProductTable, stored_product: Callable[..., dict[str, Any]], run: Callable[..., tuple[int, str, str]]
) -> None:
    """After a rollback: it keeps keys that it doesn't know as they are."""
    product = stored_product(price="5.00")
    table.client.update_item(
        TableName=table.name,
        Key=to_item(head_key(product["productId"])),
        UpdateExpression="SET GSI4_SK = :stale",
        ExpressionAttributeValues=to_item({":stale": f"ZAR#000000000099.000#{product['productId']}"}),
    )

    assert "1 got them" in run()[1]
    assert indexed(table) == [f"ZAR#000000000005.000#{product['productId']}"]


def test_product_that_the_creator_writes_meanwhile_has_the_keys_of_what_it_wrote(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    run: Callable[..., tuple[int, str, str]],
    audit_queue_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = before(**{**FIELDS, "features": []}, dateCreated=requested_at(-60))
    pipeline = Pipeline(Ledger(table.client, table.name), aws.client("sqs"), audit_queue_url)
    reads = []
    read = index_products.ProductTable.item

    def read_then_overtaken(self: ProductTable, key: dict[str, str]) -> dict[str, object] | None:
        found = read(self, key)
        if key["SK"] == "METADATA" and not reads:
            reads.append(key)
            pipeline.apply(update(1, product_id=product["productId"], price="7.00", currency="USD"))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(index_products.ProductTable, "item", read_then_overtaken)
        status, _, _ = run()

    assert status == 0
    assert indexed(table) == [f"USD#000000000007.000#{product['productId']}"]
    head = table.head(product["productId"])
    assert head is not None
    assert head.product is not None
    assert (head.product["price"], head.product["version"]) == ("7.00", 2)


def test_interrupted_it_goes_on_when_it_is_run_again(
    table: ProductTable,
    before: Callable[..., dict[str, Any]],
    run: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(5):
        before()
    index = index_products.index
    numbers = itertools.count(1)

    def interrupted(table: ProductTable, product_id: str) -> index_products.Found:
        if next(numbers) == 3:
            interrupt()
        return index(table, product_id)

    with monkeypatch.context() as patched:
        patched.setattr(index_products, "index", interrupted)
        patched.setattr(index_products, "_PAGE", 2)
        status, _, errors = run("--workers", "1")
    assert status == 130
    assert errors.endswith("interrupted: what was indexed stays; run it again\n")
    assert 0 < len(indexed(table)) < 5

    assert run()[0] == 0
    assert len(indexed(table)) == 5


@pytest.mark.parametrize("name", ["bbws-products-dev", "other", "bbws-products-local-", "bbws-products-localx"])
def test_table_of_another_environment_is_refused(table: ProductTable, name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        index_products.main(["local", "--table", name])
    assert ended.value.code == 2
