"""What every test stands on: settings, AWS played by moto, and events as API Gateway and SQS send them.

The settings are there before anything of ``src`` is imported, and moto before any client is made: a client that is
made earlier would reach for the real AWS.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import hashlib
import io
import itertools
import json
import os
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

REGION = "eu-west-1"
# moto's account.
QUEUE_ADDRESS = f"https://sqs.{REGION}.amazonaws.com/123456789012"
WRITER_KEY = "the-key-of-admin-0123456789"
READER_KEY = "the-key-of-storefront-0123456789"
SHOP = "https://shop.example"


def _fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


os.environ.update(
    {
        "AWS_LAMBDA_FUNCTION_NAME": "bbws-under-test-local",
        "ENVIRONMENT": "local",
        "LOG_LEVEL": "INFO",
        "TABLE_NAME": "bbws-products-local",
        "CHANGE_QUEUE_URL": f"{QUEUE_ADDRESS}/bbws-product-change-local",
        "AUDIT_QUEUE_URL": f"{QUEUE_ADDRESS}/bbws-product-audit-local",
        "DLQ_URL": f"{QUEUE_ADDRESS}/bbws-product-change-dlq-local",
        "AUDIT_BUCKET": "bbws-product-audit-logs-local",
        "API_CLIENTS": json.dumps(
            {
                _fingerprint(WRITER_KEY): {"name": "admin", "role": "writer"},
                _fingerprint(READER_KEY): {"name": "storefront", "role": "reader"},
            }
        ),
        "ALLOWED_ORIGINS": f"{SHOP},https://staff.example",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
)
for _name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION"):
    os.environ.pop(_name, None)

import botocore.endpoint  # noqa: E402
from aws_lambda_powertools.utilities.typing import LambdaContext  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.core.botocore_stubber import BotocoreStubber  # noqa: E402

# Before any client is made, so that what the function asks of AWS is noted.
from tests.permissions import pytest_collection_modifyitems, pytest_runtest_call  # noqa: E402, F401

from common import aws, product_table  # noqa: E402
from common.head import Head  # noqa: E402
from common.log import logger  # noqa: E402
from common.product import FIELD_NAMES, LISTED_ATTRIBUTES  # noqa: E402
from tests import faults  # noqa: E402

EVENTS = Path(__file__).parent / "events"

# Quick: the same examples in every run, so that a test fails for what changed in the code alone. Thorough: many more,
# and others each time. Neither has a word on how long they take.
settings.register_profile("quick", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("quick"), derandomize=False, max_examples=100_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def writer_key() -> str:
    """Return the key of the client ``admin``, a writer."""
    return WRITER_KEY


@pytest.fixture
def reader_key() -> str:
    """Return the key of the client ``storefront``, a reader."""
    return READER_KEY


# AWS


@pytest.fixture(scope="session", autouse=True)
def mocked_aws() -> Iterator[Any]:
    """Let no request out to the real AWS, whatever a test does."""
    process, one_at_a_time = BotocoreStubber.process_request, threading.RLock()

    def process_alone(stubber: BotocoreStubber, request: Any) -> Any:
        # moto undoes a cancelled transaction by putting the tables back as they were, with what other threads wrote.
        with one_at_a_time:
            return process(stubber, request)

    with mock_aws() as mocked, pytest.MonkeyPatch.context() as patched:
        patched.setattr(BotocoreStubber, "process_request", process_alone)
        yield mocked


@pytest.fixture(scope="session")
def dynamodb() -> Any:
    """Return a client of DynamoDB, made once as the functions make theirs."""
    return aws.client("dynamodb")


@pytest.fixture(scope="session")
def sqs() -> Any:
    """Return a client of SQS, made once as the functions make theirs."""
    return aws.client("sqs")


@pytest.fixture(scope="session")
def s3() -> Any:
    """Return a client of S3, made once as the functions make theirs."""
    return aws.client("s3")


@pytest.fixture
def empty_aws(mocked_aws: Any) -> Iterator[None]:
    """Give a test an AWS of its own, with nothing in it."""
    yield
    mocked_aws.reset()


@pytest.fixture
def new_table(mocked_aws: Any, empty_aws: None, dynamodb: Any) -> Callable[[], product_table.ProductTable]:
    """Return a function that empties AWS and returns the product table, made anew."""

    def renew() -> product_table.ProductTable:
        mocked_aws.reset()
        return _product_table(dynamodb)

    return renew


@pytest.fixture
def table(empty_aws: None, dynamodb: Any) -> product_table.ProductTable:
    """Return the product table, empty, with its indexes."""
    return _product_table(dynamodb)


def _product_table(dynamodb: Any) -> product_table.ProductTable:
    indexes = {
        "ProductsByPriceIndex": "GSI1",
        "ProductsByNameIndex": "GSI2",
        "ProductsByCreatedIndex": "GSI3",
        "ProductsByCurrencyAndPriceIndex": "GSI4",
    }
    keys = ["PK", "SK", *(f"{prefix}_{key}" for prefix in indexes.values() for key in ("PK", "SK"))]

    def schema(partition_key: str, sort_key: str) -> list[dict[str, str]]:
        return [
            {"AttributeName": partition_key, "KeyType": "HASH"},
            {"AttributeName": sort_key, "KeyType": "RANGE"},
        ]

    dynamodb.create_table(
        TableName=os.environ["TABLE_NAME"],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=schema("PK", "SK"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": schema(f"{prefix}_PK", f"{prefix}_SK"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(LISTED_ATTRIBUTES)},
            }
            for index, prefix in indexes.items()
        ],
    )
    return product_table.ProductTable(dynamodb, os.environ["TABLE_NAME"])


def _queue(sqs: Any, setting: str) -> str:
    url = os.environ[setting]
    sqs.create_queue(QueueName=url.rpartition("/")[2])
    return url


@pytest.fixture
def change_queue_url(empty_aws: None, sqs: Any) -> str:
    """Return the URL of the change queue, empty."""
    return _queue(sqs, "CHANGE_QUEUE_URL")


@pytest.fixture
def audit_queue_url(empty_aws: None, sqs: Any) -> str:
    """Return the URL of the audit queue, empty."""
    return _queue(sqs, "AUDIT_QUEUE_URL")


@pytest.fixture
def dead_letter_queue_url(empty_aws: None, sqs: Any) -> str:
    """Return the URL of the function's dead-letter queue, empty."""
    return _queue(sqs, "DLQ_URL")


@pytest.fixture
def audit_bucket(empty_aws: None, s3: Any) -> str:
    """Return the name of the audit bucket, empty and versioned."""
    bucket = os.environ["AUDIT_BUCKET"]
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def queued(sqs: Any) -> Callable[[str], list[Any]]:
    """Return a function that takes every message off a queue and returns their bodies, parsed."""

    def take(url: str) -> list[Any]:
        bodies = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    return take


@dataclass(frozen=True)
class DeadLetter:
    """What lies on a dead-letter queue; `attributes` are the values of its message attributes."""

    body: str
    attributes: dict[str, str]


@pytest.fixture
def dead_letters(dead_letter_queue_url: str, sqs: Any) -> Callable[[], list[DeadLetter]]:
    """Return a function that takes every message off the function's dead-letter queue and returns them."""

    def take() -> list[DeadLetter]:
        letters = []
        asked: dict[str, Any] = {"QueueUrl": dead_letter_queue_url, "MessageAttributeNames": ["All"]}
        while messages := sqs.receive_message(**asked, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                attributes = message.get("MessageAttributes", {})
                values = {name: attribute["StringValue"] for name, attribute in attributes.items()}
                letters.append(DeadLetter(message["Body"], values))
                sqs.delete_message(QueueUrl=dead_letter_queue_url, ReceiptHandle=message["ReceiptHandle"])
        return letters

    return take


@pytest.fixture
def stored_product(table: product_table.ProductTable) -> Callable[..., dict[str, Any]]:
    """Return a function that puts a product into the table, with the given fields, and returns it.

    An active product gets its claim to its name, as every active product has one. Without fields, each call stores
    another product: ``Package 1``, ``Package 2`` …
    """
    numbers = itertools.count(1)

    def store(**fields: object) -> dict[str, Any]:
        number = next(numbers)
        created = f"2026-11-{1 + number // 3600 % 28:02d}T08:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
        product: dict[str, Any] = {
            "productId": str(uuid.UUID(int=number, version=4)),
            "name": f"Package {number}",
            "description": "Hosting for one WordPress site",
            "price": "299.90",
            "currency": "ZAR",
            "billingCycle": "monthly",
            "features": ["Free SSL certificate"],
            "active": True,
            "version": 1,
            "dateCreated": created,
            "dateLastUpdated": fields.get("dateCreated", created),
            "lastUpdatedBy": "admin",
            **fields,
        }
        product_id = product["productId"]
        change_id = str(uuid.UUID(int=number))
        head = Head(
            sequence=product["version"],
            last_hash=hashlib.sha256(change_id.encode()).hexdigest(),
            create_change_id=change_id,
            product=product,  # type: ignore[arg-type]
            stamps=dict.fromkeys(FIELD_NAMES, f"{product['dateLastUpdated']}#{change_id}"),
        )
        items = [{**product_table.head_key(product_id), **head.attributes(product_id)}]
        if product["active"]:
            items.append({**product_table.claim_key(product["name"]), "productId": product_id})
        for item in items:
            table.client.put_item(TableName=table.name, Item=product_table.to_item(item))
        return product

    return store


@pytest.fixture
def aws_fails(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that makes an operation of a client fail, until the test ends.

    ``aws_fails(client, "PutItem", status=500, code="InternalServerError")`` answers so instead of AWS, which doesn't
    see the request; ``error=ReadTimeoutError(endpoint_url="")`` raises instead. ``times=1`` fails that often, then
    no more. ``lost=True`` lets AWS do what is asked first: only its answer is lost.
    """
    # Clients pause before they try again.
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda seconds: None)
    with contextlib.ExitStack() as until_the_test_ends:

        def fail(
            client: Any,
            operation: str,
            *,
            status: int = 503,
            code: str = "ServiceUnavailable",
            error: Exception | None = None,
            times: int | None = None,
            lost: bool = False,
        ) -> None:
            left = itertools.count() if times is None else iter(range(times))

            def send(name: str, request: AWSPreparedRequest) -> AWSResponse | None:
                if not name.endswith(f".{operation}") or next(left, None) is None:
                    return faults.to_moto(name, request)
                if lost:
                    faults.to_moto(name, request)
                if error is not None:
                    raise error
                return faults.refusal(name, request, status, code)

            until_the_test_ends.enter_context(faults.between([client], send))

        yield fail


@pytest.fixture
def decide(table: product_table.ProductTable) -> Callable[..., dict[str, Any]]:
    """Return a function that stores what became of a change, as the creator does, and returns its record.

    Parameters of the function
    --------------------------
    change
        A message of the change queue, or what of it counts here: `productId` and `changeId`.
    attributes
        Of the record, such as `status`. Where nothing is said, the change was applied a moment ago.
    """

    def store(change: dict[str, Any], **attributes: object) -> dict[str, Any]:
        now = datetime.now(UTC)
        record: dict[str, Any] = {
            "recordVersion": 1,
            "sequence": 1,
            "changeType": "UPDATE",
            "status": "APPLIED",
            "reason": None,
            "requestedAt": "2026-11-22T08:00:00.000000Z",
            "requestedBy": "admin",
            "requestId": "r-1",
            "expectedVersion": None,
            "fields": {"active": True},
            **{name: value for name, value in change.items() if name != "schemaVersion"},
            "appliedAt": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "version": 1,
            "before": None,
            "after": None,
            "previousHash": None,
            "hash": "0" * 64,
            **attributes,
        }
        product_id, expires_at = record["productId"], int((now + timedelta(days=90)).timestamp())
        marker = {"productId": product_id, "sequence": record["sequence"], "expiresAt": expires_at}
        kept = {"entityType": "CHANGE", "expiresAt": expires_at, **record}
        for key, values in (
            (product_table.marker_key(record["changeId"]), marker),
            (product_table.record_key(product_id, record["sequence"]), kept),
        ):
            table.client.put_item(TableName=table.name, Item=product_table.to_item({**key, **values}))
        return record

    return store


class Clock:
    """Time that passes where something sleeps, and nowhere else.

    Attributes
    ----------
    pauses : list of float
        How many seconds each sleep took.
    """

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._due: list[tuple[float, Callable[[], object]]] = []

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        for due in [due for due in self._due if due[0] <= self.monotonic()]:
            self._due.remove(due)
            due[1]()

    def after(self, seconds: float, happen: Callable[[], object]) -> None:
        """Let something happen as soon as so many seconds have passed."""
        self._due.append((seconds, happen))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that requests go by in this test."""
    made = Clock()
    monkeypatch.setattr("common.stopwatch.time", made)
    return made


# Events


@pytest.fixture
def lambda_context() -> LambdaContext:
    """Return the context of an invocation of version 7 of a function, with half a minute to go."""
    context = LambdaContext()
    context._function_version = "7"
    context.get_remaining_time_in_millis = lambda: 30_000  # type: ignore[method-assign]
    return context


@pytest.fixture
def sqs_event() -> Callable[..., Any]:
    """Return a function that makes the event of a batch of messages, of texts or of values that become JSON."""
    example = json.loads((EVENTS / "sqsEvent.json").read_text(encoding="utf-8"))["Records"][0]

    def event(*bodies: object) -> dict[str, Any]:
        records = []
        for number, body in enumerate(bodies, start=1):
            text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
            records.append(
                {
                    **copy.deepcopy(example),
                    "messageId": str(uuid.UUID(int=number)),
                    "body": text,
                    "md5OfBody": hashlib.md5(text.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest(),
                }
            )
        return {"Records": records}

    return event


@pytest.fixture
def api_event() -> Callable[..., Any]:
    """Return a function that makes the event of a request to the API.

    Parameters of the function
    --------------------------
    method, product_id
        They name the route: that of the products, or with an id that of one product.
    below
        What of the product is meant, such as ``changes``.
    body
        Bytes and text go as they are (bytes as base64), any other value as JSON.
    query
        A value, or a list of values, for each parameter.
    headers
        On top of the usual ones; a list repeats a header, ``None`` takes one away.
    key
        The value of ``x-api-key``; the writer's where none is given, no header at all for ``None``.
    """
    example = json.loads((EVENTS / "apiGatewayProxyEvent.json").read_text(encoding="utf-8"))

    def event(
        method: str = "GET",
        product_id: str | None = None,
        *,
        below: str | None = None,
        body: object = None,
        query: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str | list[str] | None] | None = None,
        key: str | None = WRITER_KEY,
        request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    ) -> dict[str, Any]:
        resource = "/v1.0/products" if product_id is None else "/v1.0/products/{productId}"
        path = "/v1.0/products" if product_id is None else f"/v1.0/products/{product_id}"
        if below is not None:
            resource, path = f"{resource}/{below}", f"{path}/{below}"
        sent: dict[str, str | list[str] | None] = {"Accept": "*/*", "Host": "id.execute-api.example", "x-api-key": key}
        if body is not None:
            sent["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            sent = {other: kept for other, kept in sent.items() if other.lower() != name.lower()} | {name: value}
        present = {
            name: value if isinstance(value, list) else [value] for name, value in sent.items() if value is not None
        }
        parameters = {name: values if isinstance(values, list) else [values] for name, values in (query or {}).items()}
        made: dict[str, Any] = copy.deepcopy(example) | {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": {name: values[-1] for name, values in present.items()},
            "multiValueHeaders": present,
            # API Gateway gives null where there is nothing.
            "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
            "multiValueQueryStringParameters": parameters or None,
            "pathParameters": None if product_id is None else {"productId": product_id},
            "body": None,
            "isBase64Encoded": isinstance(body, bytes),
        }
        made["requestContext"] |= {
            "requestId": request_id,
            "httpMethod": method,
            "resourcePath": resource,
            "path": f"/local{path}",
            "stage": "local",
        }
        if isinstance(body, bytes):
            made["body"] = base64.b64encode(body).decode()
        elif body is not None:
            made["body"] = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        return made

    return event


@dataclass(frozen=True)
class Answer:
    """What a caller sees of an answer; `body` is its `text` as JSON, ``None`` where that is empty."""

    status: int
    headers: dict[str, str]
    text: str
    body: Any


@pytest.fixture
def call(api_event: Callable[..., Any]) -> Callable[..., Answer]:
    """Return a function that sends a request to a handler: ``call(handler, "PUT", product_id, body={...})``.

    What follows the handler is what `api_event` takes; or `event`, an event made elsewhere.
    """

    def send(handler: Callable[..., Any], *request: Any, event: Any = None, **more: Any) -> Answer:
        answer = handler(event if event is not None else api_event(*request, **more), None)
        # API Gateway takes nothing but these four, with text for every header and for the body.
        assert set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"}
        assert all(isinstance(value, str) for value in (*answer["headers"].values(), answer["body"]))
        assert answer["isBase64Encoded"] is False
        text = answer["body"]
        return Answer(answer["statusCode"], answer["headers"], text, json.loads(text) if text else None)

    return send


# Logs and metrics


@dataclass(frozen=True)
class Measured:
    """One value that CloudWatch counts."""

    namespace: str
    name: str
    value: float
    unit: str
    dimensions: dict[str, str]


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return a function that gives the entries logged since the test began."""
    stream = io.StringIO()
    handler = logger.registered_handler
    former = handler.setStream(stream)  # type: ignore[attr-defined]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(former)  # type: ignore[attr-defined]


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[Measured]]:
    """Return a function that gives what CloudWatch would count of the output since it was last asked.

    Source: "Specification: Embedded metric format" in the CloudWatch user guide.
    """

    def read() -> list[Measured]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [
            Measured(directive["Namespace"], metric["Name"], line[metric["Name"]], metric["Unit"], dimensions)
            for line in lines
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
            for dimensions in ({name: line[name] for name in names} for names in directive["Dimensions"])
            for metric in directive["Metrics"]
        ]

    return read
