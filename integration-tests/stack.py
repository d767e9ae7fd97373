"""A local stack's table, queues and bucket, and the messages that cross them."""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar, cast

import boto3
import requests
from boto3.dynamodb.conditions import Key
from botocore.config import Config
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

Result = TypeVar("Result")
# What is in them is for the tests to find out.
Json: TypeAlias = "dict[str, object]"
Change: TypeAlias = Json
Record: TypeAlias = Json
Item: TypeAlias = Json

# As the contract has them.
_CONTRACT = YAML(typ="safe").load(
    Path(__file__).resolve().parent.parent / "2_1_bbws_product_infrastructure" / "openapi" / "product-api.yaml"
)
_SCHEMAS = _CONTRACT["components"]["schemas"]
PRODUCT_ATTRIBUTES = frozenset(_SCHEMAS["Product"]["required"])
FIELD_NAMES = tuple(_SCHEMAS["ProductFields"]["properties"])
# What messages have said since the first version; whatever came later is filled in with its default where they don't.
FIRST_FIELDS = ("name", "description", "price", "currency", "billingCycle", "features", "active")
LATER_FIELDS = frozenset(FIELD_NAMES) - frozenset(FIRST_FIELDS)
RECORD_ATTRIBUTES = {
    "recordVersion",
    "sequence",
    "changeId",
    "changeType",
    "productId",
    "status",
    "reason",
    "requestedAt",
    "requestedBy",
    "requestId",
    "expectedVersion",
    "fields",
    "appliedAt",
    "version",
    "before",
    "after",
    "previousHash",
    "hash",
}

# A bound, not a promise. A message is given up after five receives, ten seconds apart.
PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.05
_MOST_IN_A_BATCH = 10

_numbers = itertools.count(1)
_RUN = secrets.token_hex(4)


def eventually(probe: Callable[[], Result | None], expected: str) -> Result:
    """Return what a probe finds, asking until it finds something; ``None`` and ``False`` are nothing.

    Raises
    ------
    AssertionError
        Nothing was found in two minutes.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = probe()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < deadline, f"in {PATIENCE_SECONDS:.0f} s this never came true: {expected}"
        time.sleep(_PAUSE_SECONDS)


def moment(ago: timedelta | float = 0) -> str:
    """Return a time in the past as messages hold it.

    Parameters
    ----------
    ago
        How long ago; a number counts seconds, and a negative one lies ahead.
    """
    before = ago if isinstance(ago, timedelta) else timedelta(seconds=ago)
    return (datetime.now(UTC) - before).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id() -> str:
    return str(uuid.uuid4())


def new_name(words: str = "product") -> str:
    """Return a name that no other product has."""
    return f"integration {_RUN} {words} {next(_numbers)}"


def creation(product_id: str | None = None, *, ago: timedelta | float = 60, **fields: object) -> Change:
    """Return the message that asks for a new product."""
    all_fields = {
        "name": new_name(),
        "description": "A product that the integration tests made",
        "price": "299.99",
        "currency": "ZAR",
        "billingCycle": "monthly",
        "features": [],
        "active": True,
        **fields,
    }
    return _change("CREATE", product_id or new_id(), ago, all_fields)


def without_later(values: object) -> Json:
    """Return fields, or what has them, without those that came later than the first version."""
    return {name: value for name, value in cast("Json", values).items() if name not in LATER_FIELDS}


def update(product_id: object, *, ago: timedelta | float = 30, **fields: object) -> Change:
    """Return the message that asks for a change to some fields."""
    return _change("UPDATE", product_id, ago, fields)


def withdrawal(product_id: object, *, ago: timedelta | float = 30) -> Change:
    """Return the message that asks for a product to be withdrawn."""
    return _change("DELETE", product_id, ago, {"active": False})


def _change(change_type: str, product_id: object, ago: timedelta | float, fields: Json) -> Change:
    return {
        "schemaVersion": 1,
        "changeId": new_id(),
        "changeType": change_type,
        "productId": product_id,
        "requestedAt": moment(ago),
        "requestedBy": "integration",
        "requestId": new_id(),
        "expectedVersion": None,
        "fields": fields,
    }


def stamp(change: Change) -> str:
    """Return what orders changes."""
    return f"{change['requestedAt']}#{change['changeId']}"


def hash_of(record: Mapping[str, object]) -> str:
    """Return the hash that a record must bear, as anyone could compute it."""
    unsealed = {name: value for name, value in record.items() if name != "hash"}
    text = json.dumps(unsealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(record: Mapping[str, object]) -> Record:
    """Return a record that bears its own hash."""
    return {**record, "hash": hash_of(record)}


def record_of(**given: object) -> Record:
    """Return the record of a rejected creation as the creator passes it on; what is given replaces its attributes."""
    change = creation()
    return sealed(
        {
            "recordVersion": 1,
            "sequence": 1,
            "changeId": change["changeId"],
            "changeType": "CREATE",
            "productId": change["productId"],
            "status": "REJECTED",
            "reason": "NameTaken",
            "requestedAt": change["requestedAt"],
            "requestedBy": "integration",
            "requestId": change["requestId"],
            "expectedVersion": None,
            "fields": change["fields"],
            "appliedAt": moment(),
            "version": 0,
            "before": None,
            "after": None,
            "previousHash": None,
            **given,
        }
    )


def key_of(record: Record) -> str:
    """Return where the audit trail keeps a record."""
    applied_at = str(record["appliedAt"])
    year, month, day = applied_at[:10].split("-")
    return f"{year}/{month}/{day}/{record['productId']}_{applied_at}_{record['sequence']}.json"


def assert_chained(records: list[Record]) -> None:
    """Assert that records are all of a product's, one linked to the other."""
    assert [record["sequence"] for record in records] == list(range(1, len(records) + 1))
    assert [record["hash"] for record in records] == [hash_of(record) for record in records]
    assert [record["previousHash"] for record in records] == [None, *(record["hash"] for record in records[:-1])]


class AuditObject(NamedTuple):
    """An object of the audit trail."""

    key: str
    record: Record


class Stack:
    """A running stack.

    Parameters
    ----------
    description
        Its ``stack.json``.
    """

    def __init__(self, description: Path) -> None:
        about = json.loads(description.read_text(encoding="utf-8"))
        # On MiniStack the account's id is the key of its root.
        session = boto3.Session(
            aws_access_key_id=about["accountId"],
            aws_secret_access_key="unused",
            aws_session_token=about["sessionToken"],
            region_name=about["region"],
        )
        endpoint = about["endpointUrl"]
        # What points a program at it.
        self.variables: dict[str, str] = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": about["accountId"],
            "AWS_SECRET_ACCESS_KEY": "unused",
            "AWS_SESSION_TOKEN": about["sessionToken"],
        }
        self.table: Table = session.resource("dynamodb", endpoint_url=endpoint).Table(about["tableName"])
        self.sqs: SQSClient = session.client("sqs", endpoint_url=endpoint)
        self.s3: S3Client = session.client("s3", endpoint_url=endpoint)
        self.functions: LambdaClient = session.client(
            "lambda", endpoint_url=endpoint, config=Config(max_pool_connections=20, retries={"total_max_attempts": 1})
        )
        self.port = endpoint.rpartition(":")[2]
        self.change_queue: str = about["changeQueueUrl"]
        self.change_dlq: str = about["changeDlqUrl"]
        self.audit_queue: str = about["auditQueueUrl"]
        self.audit_dlq: str = about["auditDlqUrl"]
        self.audit_bucket: str = about["auditBucket"]
        self.api_url: str = about["apiUrl"]
        self.api_keys: dict[str, str] = about["apiKeys"]
        # Ids of products to withdraw in the end.
        self.created: set[str] = set()

    # Messages

    def send(self, queue: str, bodies: Iterable[str]) -> None:
        """Put messages on a queue, as many at once as fit."""
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        for start in range(0, len(entries), _MOST_IN_A_BATCH):
            answer = self.sqs.send_message_batch(
                QueueUrl=queue,
                Entries=entries[start : start + _MOST_IN_A_BATCH],  # type: ignore[arg-type]
            )
            assert not answer.get("Failed")

    def submit(self, *changes: Change) -> None:
        """Put changes on the change queue."""
        self.created |= {str(change["productId"]) for change in changes if change["changeType"] == "CREATE"}
        self.send(self.change_queue, (json.dumps(change) for change in changes))

    def settle(self) -> None:
        """Return once both work queues are empty: each message was applied, or given up."""
        # In this order: the creator passes a record on before its message goes.
        for queue in (self.change_queue, self.audit_queue):
            eventually(lambda queue=queue: sum(self.waiting(queue)) == 0, f"{queue} is empty")  # type: ignore[misc]

    def apply(self, *changes: Change) -> None:
        """Have changes applied one after the other."""
        for change in changes:
            self.submit(change)
            self.settle()

    def waiting(self, queue: str) -> tuple[int, int]:
        """Return how many messages on a queue can be received, and how many were received but not deleted yet."""
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=queue,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )

    def take(self, queue: str, bodies: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the message attributes of those messages on a queue that have one of the bodies, and delete them."""
        wanted = set(bodies)
        taken: dict[str, dict[str, str]] = {}
        while messages := self.sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=_MOST_IN_A_BATCH,
            MessageAttributeNames=["All"],
            VisibilityTimeout=2,
        ).get("Messages"):
            for message in messages:
                if message["Body"] in wanted:
                    attributes = message.get("MessageAttributes", {})
                    taken[message["Body"]] = {name: each["StringValue"] for name, each in attributes.items()}
                    self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return taken

    # Items

    def item(self, partition_key: str, sort_key: str) -> Item | None:
        """Return an item of the table."""
        item = self.table.get_item(Key={"PK": partition_key, "SK": sort_key}, ConsistentRead=True).get("Item")
        return None if item is None else cast("Item", _plain(item))

    def head(self, product_id: object) -> Item | None:
        return self.item(f"PRODUCT#{product_id}", "METADATA")

    def marker(self, change: Change) -> Item | None:
        return self.item(f"CHANGE#{change['changeId']}", "CHANGE")

    def name_holder(self, folded_name: str) -> str | None:
        """Return the id of the product that has a claim to a name."""
        claim = self.item(f"NAME#{folded_name}", "NAME")
        return None if claim is None else str(claim["productId"])

    def product(self, product_id: object) -> Item:
        """Return what the table holds of a product, without what only the creator needs."""
        head = self.head(product_id)
        assert head is not None
        return {name: value for name, value in head.items() if name in PRODUCT_ATTRIBUTES}

    def record_items(self, product_id: object) -> list[Item]:
        """Return a product's change records with all their attributes, in the order of their keys."""
        condition = Key("PK").eq(f"PRODUCT#{product_id}") & Key("SK").begins_with("CHANGE#")
        items: list[Item] = []
        more: dict[str, object] = {}
        while True:
            answer = self.table.query(KeyConditionExpression=condition, ConsistentRead=True, **more)  # type: ignore[arg-type]
            items += cast("list[Item]", _plain(answer["Items"]))
            if "LastEvaluatedKey" not in answer:
                return items
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def records(self, product_id: object) -> list[Record]:
        """Return a product's change records."""
        return [
            {name: value for name, value in item.items() if name in RECORD_ATTRIBUTES}
            for item in self.record_items(product_id)
        ]

    def outcomes(self, product_id: object) -> list[tuple[object, object]]:
        """Return status and reason of each of a product's records."""
        return [(record["status"], record["reason"]) for record in self.records(product_id)]

    # Objects

    def audit_trail(self, product_id: object) -> list[AuditObject]:
        """Return a product's audit objects of today, by sequence."""
        # A run may go on past midnight.
        days = [moment(ago)[:10].replace("-", "/") for ago in (timedelta(), timedelta(days=1))]
        pages = self.s3.get_paginator("list_objects_v2")
        keys = [
            listed["Key"]
            for day in days
            for page in pages.paginate(Bucket=self.audit_bucket, Prefix=f"{day}/{product_id}_")
            for listed in page.get("Contents", [])
        ]
        objects = [AuditObject(key, json.loads(self.audit_object(key))) for key in keys]
        return sorted(objects, key=lambda found: cast("int", found.record["sequence"]))

    def audit_object(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.audit_bucket, Key=key)["Body"].read()

    def versions(self, key: str) -> list[str]:
        """Return the ids of an object's versions and delete markers."""
        answer = self.s3.list_object_versions(Bucket=self.audit_bucket, Prefix=key)
        return [
            *(version["VersionId"] for version in answer.get("Versions", [])),
            *(marker["VersionId"] for marker in answer.get("DeleteMarkers", [])),
        ]

    # The API

    def call(self, method: str, path: str, body: Json | None = None, *, client: str = "admin") -> requests.Response:
        """Call the API with the key of a client; `admin` is a writer, `storefront` a reader."""
        response = requests.request(
            method,
            f"{self.api_url}/{path}",
            data=None if body is None else json.dumps(body),
            headers={"x-api-key": self.api_keys[client], "content-type": "application/json"},
            timeout=40,
        )
        if method == "POST" and response.status_code == 202:
            self.created.add(response.json()["productId"])
        return response

    def withdraw_all(self) -> None:
        """Withdraw what was created through this object."""
        heads = (self.head(product_id) for product_id in self.created)
        self.submit(*(withdrawal(head["productId"], ago=-240) for head in heads if head and head.get("active")))
        self.settle()


def _plain(value: object) -> object:
    """Return values of the table as those of JSON: the table knows whole numbers alone."""
    if isinstance(value, Decimal):
        assert value == int(value)
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
