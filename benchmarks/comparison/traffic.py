"""What the functions are asked, what AWS answers them, and what they find in their environment."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from common.attribute_values import to_item
from common.head import Head
from common.product import FIELD_NAMES, LISTED_ATTRIBUTES
from comparison.canned_aws import XML, Answer
from local.layout import ROOT
from verify_audit import trail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from common.product import Product

EVENTS = ROOT / "template" / "function" / "tests" / "events"
ROUTE = "/v1.0/products"
KEY = "the-key-of-admin"
PAGE, BATCH = 20, 10
REQUIRED = {
    "name": "WordPress Business",
    "description": "Hosting for a busy WordPress site, with daily backups and a staging copy.",
    "price": 299.9,
    "billingCycle": "monthly",
    "features": ["Free SSL certificate", "Daily backups", "50 GB storage"],
}


def variables(endpoint: str) -> dict[str, str]:
    """Return the environment of a function whose AWS is at an address; it is all that a handler finds."""
    fingerprint = hashlib.sha256(KEY.encode()).hexdigest()[:16]
    return {
        "API_CLIENTS": json.dumps({fingerprint: {"name": "admin", "role": "writer"}}),
        "ALLOWED_ORIGINS": "https://shop.example",
        "AUDIT_BUCKET": "bbws-product-audit-logs-local",
        "AUDIT_QUEUE_URL": f"{endpoint}/000000000000/bbws-product-audit-local",
        "AWS_ACCESS_KEY_ID": "canned",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_LAMBDA_FUNCTION_NAME": "bbws-under-test-local",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "canned",
        "CHANGE_QUEUE_URL": f"{endpoint}/000000000000/bbws-product-change-local",
        "DLQ_URL": f"{endpoint}/000000000000/bbws-product-change-dlq-local",
        "ENVIRONMENT": "local",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LOG_LEVEL": "INFO",
        "TABLE_NAME": "bbws-products-local",
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
    }


def product_id(number: int = 1) -> str:
    """Return the id of one of the products."""
    return str(uuid.UUID(int=number, version=4))


def request(method: str, number: int | None = None, body: object = None) -> dict[str, object]:
    """Return the event of a request about the products, or about one of them."""
    event: dict[str, object] = json.loads((EVENTS / "apiGatewayProxyEvent.json").read_text(encoding="utf-8"))
    resource = ROUTE if number is None else f"{ROUTE}/{{productId}}"
    path = ROUTE if number is None else f"{ROUTE}/{product_id(number)}"
    headers = {"Accept": "*/*", "Host": "id.execute-api.example", "x-api-key": KEY, "Content-Type": "application/json"}
    event["requestContext"] = {
        **event["requestContext"],  # type: ignore[dict-item]
        "httpMethod": method,
        "resourcePath": resource,
        "path": f"/local{path}",
        "stage": "local",
    }
    return event | {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None if number is None else {"productId": product_id(number)},
        "body": None if body is None else json.dumps(body),
    }


def batch(bodies: list[str]) -> dict[str, object]:
    """Return the event of a batch of messages."""
    (example,) = json.loads((EVENTS / "sqsEvent.json").read_text(encoding="utf-8"))["Records"][:1]
    return {"Records": [{**example, "messageId": str(uuid.uuid4()), "body": body} for body in bodies]}


def changes(count: int) -> list[str]:
    """Return messages of the change queue, each with a new price for another product."""
    return [
        json.dumps(
            {
                "schemaVersion": 1,
                "changeId": str(uuid.uuid4()),
                "changeType": "UPDATE",
                "productId": product_id(number),
                "requestedAt": _text(datetime.now(UTC)),
                "requestedBy": "admin",
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "expectedVersion": None,
                "fields": {"price": "199.90"},
            }
        )
        for number in range(1, count + 1)
    ]


def records(count: int) -> list[str]:
    """Return messages of the audit queue, each of another product."""
    return [content.decode() for _, content in trail(count) if json.loads(content)["sequence"] == 1]


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _head(number: int) -> dict[str, object]:
    """Return the attributes of a product that has been there for a day."""
    created = _text(datetime.now(UTC) - timedelta(days=1, seconds=-number))
    product: Product = {
        **REQUIRED,  # type: ignore[typeddict-item]
        "productId": product_id(number),
        "price": "299.90",
        "currency": "ZAR",
        "active": True,
        "version": 1,
        "dateCreated": created,
        "dateLastUpdated": created,
        "lastUpdatedBy": "admin",
    }
    change_id = product_id(1000 + number)
    stamps = dict.fromkeys(FIELD_NAMES, f"{created}#{change_id}")
    head = Head(1, hashlib.sha256(change_id.encode()).hexdigest(), change_id, product, stamps)
    return head.attributes(product_id(number))


def _json(value: object) -> Answer:
    return Answer(json.dumps(value).encode())


def operations() -> Mapping[str, Callable[[dict[str, object]], Answer]]:
    """Return what DynamoDB and SQS answer: each product is there, no name is taken, every write succeeds."""
    numbers = {f"PRODUCT#{product_id(number)}": number for number in range(1, PAGE + 1)}
    keys = {number: {"PK": key, "SK": "METADATA"} for key, number in numbers.items()}
    heads = {key: _json({"Item": to_item({**keys[number], **_head(number)})}) for key, number in numbers.items()}
    listed = [
        to_item({**keys[number], **{name: value for name, value in _head(number).items() if name in LISTED_ATTRIBUTES}})
        for number in numbers.values()
    ]
    none, page, sent = _json({}), _json({"Items": listed, "Count": PAGE}), _json({"MessageId": product_id()})

    def get(parameters: dict[str, object]) -> Answer:
        key: dict[str, dict[str, str]] = parameters["Key"]  # type: ignore[assignment]
        return heads.get(key["PK"]["S"], none)

    return {
        "DynamoDB_20120810.GetItem": get,
        "DynamoDB_20120810.Query": lambda parameters: page,
        "DynamoDB_20120810.PutItem": lambda parameters: none,
        "DynamoDB_20120810.TransactWriteItems": lambda parameters: none,
        "AmazonSQS.SendMessage": lambda parameters: sent,
    }


class AuditBucket:
    """A bucket with the records of some products, as S3 shows it.

    Parameters
    ----------
    products
        Whose records it holds.
    """

    NAME = "verified"
    _MOST_KEYS = 1000

    def __init__(self, products: int) -> None:
        self._objects = {key: Answer(content, "application/json") for key, content in sorted(trail(products))}
        self._keys = list(self._objects)

    def __len__(self) -> int:
        return len(self._keys)

    def __call__(self, path: str, query: Mapping[str, list[str]]) -> Answer:
        """Answer path and query of a GET."""
        if "versioning" in query:
            return Answer(b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", XML)
        if "versions" in query:
            return self._page(query.get("key-marker", [""])[0])
        return self._objects[path.partition("/")[2].replace("%3A", ":")]

    def _page(self, after: str) -> Answer:
        first = self._keys.index(after) + 1 if after else 0
        keys = self._keys[first : first + self._MOST_KEYS]
        more = first + len(keys) < len(self._keys)
        versions = "".join(
            f"<Version><Key>{key}</Key><VersionId>canned</VersionId><IsLatest>true</IsLatest></Version>" for key in keys
        )
        following = f"<NextKeyMarker>{keys[-1]}</NextKeyMarker>" if more else ""
        body = f"<IsTruncated>{str(more).lower()}</IsTruncated>{following}{versions}"
        return Answer(f"<ListVersionsResult>{body}</ListVersionsResult>".encode(), XML)
