"""What requests and changes consume of DynamoDB is what documentation/cost-and-scale.md says, on every computer.

moto gives every call the same units, whatever it reads, and MiniStack every query. So they are worked out here, from
the items that are read and written, by AWS's rules: "Read consistency and capacity", "Write request units" and "Item
sizes" in the DynamoDB developer guide.
"""

from __future__ import annotations

import importlib
import math
import sys
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from local.layout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

TABLE = "bbws-products-local"
MOTO_ACCOUNT = "123456789012"
SETTINGS = {"ENVIRONMENT": "local", "LOG_LEVEL": "ERROR", "AWS_DEFAULT_REGION": "eu-west-1"}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
FUNCTIONS = ("product_creator", "list_products", "get_product", "create_product", "update_product", "delete_product")
# The last one's `common` is found, and it holds what each function has a part of.
SOURCES = (*(f"2_1_bbws_{name}/src" for name in FUNCTIONS), "template/function/src")
# As the document has it: a name of 27 characters, a description of 150 and five features of 30.
FIELDS = {
    "name": "WordPress Professional Plan",
    "description": "Hosting for a busy WordPress site. ".ljust(150, "x"),
    "price": "299.99",
    "currency": "ZAR",
    "billingCycle": "monthly",
    "features": [f"Feature {number} of this package".ljust(30, "x") for number in range(5)],
    "active": True,
}
PAGE = 20


def value_bytes(attribute: Mapping[str, Any]) -> int:
    """Return the size of an attribute's value."""
    ((kind, value),) = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        return math.ceil(len(Decimal(value).as_tuple().digits) / 2) + 1
    if kind == "L":
        return 3 + sum(1 + value_bytes(part) for part in value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_bytes(part) for name, part in value.items())
    return 1


def item_bytes(item: Mapping[str, Any] | None) -> int:
    """Return the size of an item; 0 where there is none."""
    return sum(len(name.encode()) + value_bytes(attribute) for name, attribute in (item or {}).items())


def blocks(size: int, block: int) -> int:
    """Return how many blocks a size takes; there is one at least."""
    return max(1, math.ceil(size / block))


class Metered:
    """A client of DynamoDB that counts what its calls consume."""

    def __init__(self, client: Any, index_keys: ModuleType) -> None:
        self._client = client
        # Whoever needs no other has three; the fourth is the one that the others replace.
        self._indexes = [index for index in index_keys.ALL if index != index_keys.BY_PRICE_ALONE]
        self.read_units = 0.0
        self.write_units = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_item(self, **request: Any) -> Any:
        answer = self._client.get_item(**request)
        self._read(item_bytes(answer.get("Item")), request)
        return answer

    def query(self, **request: Any) -> Any:
        answer = self._client.query(**request)
        # Without a filter all that was read is there to be measured.
        assert "FilterExpression" not in request
        assert answer["ScannedCount"] == len(answer["Items"])
        self._read(sum(map(item_bytes, answer["Items"])), request)
        return answer

    def transact_write_items(self, **request: Any) -> Any:
        for write in request["TransactItems"]:
            ((kind, parts),) = write.items()
            after = parts["Item"] if kind == "Put" else None
            key = parts["Key"] if after is None else {name: after[name] for name in ("PK", "SK")}
            before = self._client.get_item(TableName=TABLE, Key=key).get("Item")
            # A transaction writes each item twice, and the indexes once.
            self.write_units += 2 * blocks(max(item_bytes(before), item_bytes(after)), 1024)
            self.write_units += sum(self._index_units(index, before, after) for index in self._indexes)
        return self._client.transact_write_items(**request)

    def _read(self, size: int, request: Mapping[str, Any]) -> None:
        self.read_units += blocks(size, 4096) * (1 if request.get("ConsistentRead") else 0.5)

    def _index_units(self, index: Any, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> int:
        former, entry = (self._entry(index, item) for item in (before, after))
        if former == entry:
            return 0
        sizes = [blocks(item_bytes(each), 1024) for each in (former, entry) if each is not None]
        if former is None or entry is None:
            return sum(sizes)
        moves = any(former[key] != entry[key] for key in (index.partition_key, index.sort_key))
        return sum(sizes) if moves else max(sizes)

    @staticmethod
    def _entry(index: Any, item: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Return what an index holds of an item."""
        if item is None or index.sort_key not in item:
            return None
        product = sys.modules["common.product"]
        held = {"PK", "SK", index.partition_key, index.sort_key, *product.LISTED_ATTRIBUTES}
        return {name: value for name, value in item.items() if name in held}


class Queue:
    """A queue, of which the last message is kept."""

    def send(self, change: Any) -> None:
        self.sent = change

    def send_message(self, **_: object) -> None:
        pass


class Service(NamedTuple):
    """The functions' own code on one table."""

    client: Metered
    table: Any
    queue: Queue
    pipeline: Any

    def module(self, name: str) -> Any:
        return importlib.import_module(name)

    def consumed(self) -> tuple[float, int]:
        """Return the read and write units since they were last asked for."""
        units = (self.client.read_units, self.client.write_units)
        self.client.read_units, self.client.write_units = 0.0, 0
        return units

    def apply(self) -> tuple[float, int]:
        """Apply the change that was asked for last, and return what that consumed."""
        self.consumed()
        assert self.pipeline.apply(self.queue.sent)["status"] == "APPLIED"
        return self.consumed()

    def create(self, **fields: object) -> str:
        """Ask for a product and return its id."""
        names: dict[str, Any] = {
            "key": None,
            "requested_by": "admin",
            "request_id": str(uuid.uuid4()),
            "attribution": {},
        }
        creation = self.module("creation")
        return str(creation.request_creation(self.table, self.queue, {**FIELDS, **fields}, **names)["productId"])

    def update(self, product_id: str, **fields: object) -> None:
        """Ask for a change to a product."""
        conditions = self.module("common.conditions").Conditions(None, None)
        names = {"conditions": conditions, "requested_by": "admin", "request_id": str(uuid.uuid4()), "attribution": {}}
        self.module("partial_update").request_update(self.table, self.queue, product_id, fields, **names)

    def withdraw(self, product_id: str) -> None:
        """Ask for a product's withdrawal."""
        conditions = self.module("common.conditions").Conditions(None, None)
        names = {"conditions": conditions, "requested_by": "admin", "request_id": str(uuid.uuid4()), "attribution": {}}
        self.module("withdrawal").request_withdrawal(self.table, self.queue, product_id, **names)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**SETTINGS, **CREDENTIALS}.items():
        monkeypatch.setenv(name, value)
    known = set(sys.modules)
    for source in SOURCES:
        monkeypatch.syspath_prepend(str(ROOT / source))
    with mock_aws():
        index_keys = importlib.import_module("common.index_keys")
        product = importlib.import_module("common.product")
        client = boto3.client("dynamodb")
        make_table(client, index_keys.ALL, product.LISTED_ATTRIBUTES)
        metered = Metered(client, index_keys)
        queue = Queue()
        ledger = importlib.import_module("ledger").Ledger(metered, TABLE)
        pipeline = importlib.import_module("pipeline").Pipeline(ledger, queue, "https://sqs.example/audit")
        yield Service(metered, ledger, queue, pipeline)
    # Other tests mustn't find the functions' modules.
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(tuple(str(ROOT / source) for source in SOURCES)):
            del sys.modules[name]


def make_table(client: Any, indexes: Any, listed: tuple[str, ...]) -> None:
    keys = ["PK", "SK", *(key for index in indexes for key in (index.partition_key, index.sort_key))]

    def schema(partition_key: str, sort_key: str) -> Any:
        return [{"AttributeName": partition_key, "KeyType": "HASH"}, {"AttributeName": sort_key, "KeyType": "RANGE"}]

    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=schema("PK", "SK"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index.name,
                "KeySchema": schema(index.partition_key, index.sort_key),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(listed)},
            }
            for index in indexes
        ],
    )


def store_products(service: Service, count: int) -> None:
    """Store products in moto's own table: as requests, so many would take a minute."""
    head, product_table = service.module("common.head"), service.module("common.product_table")
    table = dynamodb_backends[MOTO_ACCOUNT][SETTINGS["AWS_DEFAULT_REGION"]].tables[TABLE]
    for number in range(count):
        product_id = str(uuid.UUID(int=number, version=4))
        created = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=number)
        text = created.isoformat(timespec="microseconds").replace("+00:00", "Z")
        product = {**FIELDS, "name": f"WordPress Professional {number:04}", "productId": product_id}
        product |= {"version": 1, "lastUpdatedBy": "admin", "dateCreated": text, "dateLastUpdated": text}
        attributes = head.Head(1, "0" * 64, product_id, product, {}).attributes(product_id)
        table.put_item(product_table.to_item({**product_table.head_key(product_id), **attributes}))


@pytest.mark.parametrize("count", [100, 10_000])
def test_a_listing_of_20_takes_2_read_units_however_many_products_there_are(service: Service, count: int) -> None:
    store_products(service, count)
    listing, product_index = service.module("listing"), service.module("product_index")

    for query in ({}, {"sortBy": ["price"]}, {"name": ["wordpress"], "order": ["desc"]}):
        first = product_index.page(service.client, TABLE, listing.read(query))
        assert (len(first.products), service.consumed()) == (PAGE, (2, 0)), query
        following = listing.read({**query, "cursor": [first.next_cursor]})
        second = product_index.page(service.client, TABLE, following)
        assert (len(second.products), service.consumed()) == (PAGE, (2, 0)), query


def test_what_each_change_takes_to_be_asked_for_and_applied(service: Service) -> None:
    product_id = service.create()
    assert service.consumed() == (1, 0)
    assert service.apply() == (2, 15)

    service.update(product_id, price="199.99")
    assert service.consumed() == (1, 0)
    assert service.apply() == (1, 14)

    service.withdraw(product_id)
    assert service.consumed() == (1, 0)
    assert service.apply() == (1, 18)


def test_what_reading_a_product_and_its_history_takes(service: Service) -> None:
    product_id = service.create()
    service.apply()
    for price in range(100, 121):
        service.update(product_id, price=f"{price}.99")
        service.apply()

    service.module("common.product_lookup").active_product(service.table, product_id)
    assert service.consumed() == (1, 0)
    page = service.module("history").page(service.table, product_id, PAGE, None)
    assert (len(page.records), service.consumed()) == (PAGE, (9, 0))


def test_the_figures_are_those_of_the_document() -> None:
    document = (ROOT / "documentation" / "cost-and-scale.md").read_text(encoding="utf-8")

    for line in (
        "| listing of 20 | 2 read units:",
        "| get | 1 read unit,",
        "| page of 20 of a history | 9 read units:",
        "| create | 15 write units:",
        "| new price | 14:",
        "| withdrawal | 18:",
        "2 or 3 read units",
    ):
        assert line in document
