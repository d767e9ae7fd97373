"""What every test stands on: settings, AWS played by moto, and events as API Gateway and SQS send them.

The settings are there before anything of ``src`` is imported, and moto before any client is made: a client that is
made earlier would reach for the real AWS.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import itertools
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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
from botocore.awsrequest import AWSResponse  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.core.botocore_stubber import MockRawResponse  # noqa: E402
from moto.core.models import botocore_stubber  # noqa: E402

from common import aws, product_table  # noqa: E402
from common.head import Head  # noqa: E402
from common.log import logger  # noqa: E402
from common.product import FIELD_NAMES, PRODUCT_ATTRIBUTES  # noqa: E402

EVENTS = Path(__file__).parent / "events"

# The same examples in every run, and no word on how long they take: a test fails for what changed in the code alone.
settings.register_profile("service", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("service")


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
    with mock_aws() as mocked:
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
def table(empty_aws: None, dynamodb: Any) -> product_table.ProductTable:
    """Return the product table, empty, with its three indexes."""
    indexes = {"ProductsByPriceIndex": "GSI1", "ProductsByNameIndex": "GSI2", "ProductsByCreatedIndex": "GSI3"}
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
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(PRODUCT_ATTRIBUTES)},
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
    replaced: list[Any] = []
    # Clients pause before they try again.
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda seconds: None)

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
        events = client.meta.events

        def answer(event_name: str, request: Any, **more: Any) -> AWSResponse | None:
            if not event_name.endswith(f".{operation}") or next(left, None) is None:
                return botocore_stubber(event_name, request, **more)
            if lost:
                botocore_stubber(event_name, request, **more)
            if error is not None:
                raise error
            if client.meta.service_model.service_name == "s3":
                body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
            else:
                body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "refused"})
            return AWSResponse(request.url, status, {}, MockRawResponse(body))  # type: ignore[arg-type]

        events.unregister("before-send", botocore_stubber)
        events.register("before-send", answer)
        replaced.append((events, answer))

    yield fail
    for events, answer in replaced:
        events.unregister("before-send", answer)
        events.unregister("before-send", botocore_stubber)
        events.register("before-send", botocore_stubber)


# Events


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
    body
        Bytes and text go as they are (bytes as base64), any other value as JSON.
    query
        A value, or a list of values, for each parameter.
    headers
        On top of the usual ones; ``None`` takes a header away.
    key
        The value of ``x-api-key``; the writer's where none is given, no header at all for ``None``.
    """
    example = json.loads((EVENTS / "apiGatewayProxyEvent.json").read_text(encoding="utf-8"))

    def event(
        method: str = "GET",
        product_id: str | None = None,
        *,
        body: object = None,
        query: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str | None] | None = None,
        key: str | None = WRITER_KEY,
        request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    ) -> dict[str, Any]:
        resource = "/v1.0/products" if product_id is None else "/v1.0/products/{productId}"
        path = "/v1.0/products" if product_id is None else f"/v1.0/products/{product_id}"
        sent: dict[str, str | None] = {"Accept": "*/*", "Host": "id.execute-api.example", "x-api-key": key}
        if body is not None:
            sent["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            sent = {other: kept for other, kept in sent.items() if other.lower() != name.lower()} | {name: value}
        present = {name: value for name, value in sent.items() if value is not None}
        parameters = {name: values if isinstance(values, list) else [values] for name, values in (query or {}).items()}
        made: dict[str, Any] = copy.deepcopy(example) | {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": present,
            "multiValueHeaders": {name: [value] for name, value in present.items()},
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


# Logs


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return a function that gives the entries logged since the test began."""
    stream = io.StringIO()
    handler = logger.registered_handler
    former = handler.setStream(stream)  # type: ignore[attr-defined]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(former)  # type: ignore[attr-defined]
