"""The product API as a caller with a key uses it, and what a run of these tests makes through it."""

from __future__ import annotations

import itertools
import json
import re
import secrets
import threading
import time
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast
from urllib.parse import urljoin

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Result = TypeVar("Result")

# A JSON object whose numbers with a fraction are decimals. What is in it is for the tests to find out.
Json: TypeAlias = "dict[str, object]"
Product: TypeAlias = Json

# Bounds, not promises: a change takes longer to show on a busy computer, and nothing here measures it.
PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.1
_REQUEST_TIMEOUT_SECONDS = 40

_INNER_THINGS = re.compile(
    r"traceback|\bline \d+, in\b|\.py\b|<[a-z_.]+ object at"
    r"|arn:aws|amazonaws|bbws-|lambda|dynamodb|\bsqs\b|botocore|boto3|pydantic",
    re.IGNORECASE,
)


def eventually(probe: Callable[[], Result | None], expected: str) -> Result:
    """Return what a probe finds, asking until it finds something; ``None`` and ``False`` are nothing.

    Raises
    ------
    AssertionError
        Nothing was found in a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = probe()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < deadline, f"in {PATIENCE_SECONDS:.0f} s this never came true: {expected}"
        time.sleep(_PAUSE_SECONDS)


def json_of(response: requests.Response) -> Json:
    """Return the object in an answer."""
    value = json.loads(response.content, parse_float=Decimal)
    assert isinstance(value, dict)
    return value


def products_of(response: requests.Response) -> list[Product]:
    """Return the products on a page of a listing."""
    assert response.status_code == 200, response.text
    return cast("list[Product]", json_of(response)["products"])


def ids_of(products: Iterable[Product]) -> list[str]:
    return [str(product["productId"]) for product in products]


def is_uuid(value: object) -> bool:
    return isinstance(value, str) and str(uuid.UUID(value)) == value


def assert_refused(
    response: requests.Response, status: int, code: str, *, field: str | None = None, allowed: str = ""
) -> Json:
    """Assert that an answer is an error of the contract, which gives nothing away, and return it.

    Parameters
    ----------
    field
        The field or parameter that the error must name.
    allowed
        What the error must say about that field.
    """
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    answer = json_of(response)
    assert answer.keys() - {"details"} == {"error", "message", "requestId"}
    assert answer["error"] == code
    assert isinstance(answer["message"], str)
    assert answer["message"]
    assert isinstance(answer["requestId"], str)
    assert answer["requestId"]
    assert not _INNER_THINGS.search(response.text), response.text
    if "details" in answer:
        assert isinstance(answer["details"], list)
        assert answer["details"]
        assert all(detail.keys() == {"field", "message"} for detail in answer["details"])
    if field is not None:
        details = cast("list[dict[str, str]]", answer.get("details", []))
        messages = [detail["message"] for detail in details if detail["field"] == field]
        assert messages, f"{field} is not among {details}"
        assert allowed in messages[0]
        assert field in answer["message"]
    return answer


class ProductApi:
    """The API through one key.

    Parameters
    ----------
    url
        Its address, up to and including the version.
    key
        The API key; ``None`` sends none.
    """

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url
        self._key = key
        # requests' sessions must not be shared between threads.
        self._local = threading.local()

    def send(
        self,
        method: str,
        path: str = "products",
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        patient: bool = True,
    ) -> requests.Response:
        """Send a request and return the answer.

        Parameters
        ----------
        path
            Relative to the address.
        body
            Bytes and text are sent as they are, anything else as JSON.
        patient
            Whether to ask again when the client's usage plan says to wait.
        """
        if body is not None and not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
        all_headers = {"Content-Type": "application/json"} if body is not None else {}
        all_headers |= {"x-api-key": self._key} if self._key is not None else {}
        while True:
            response = self._session.request(
                method,
                urljoin(f"{self.url}/", path),
                params=cast("Mapping[str, str]", query),
                data=body,
                headers={**all_headers, **(headers or {})},
                timeout=_REQUEST_TIMEOUT_SECONDS,
            )
            if response.status_code != 429 or not patient:
                return response
            time.sleep(int(response.headers.get("Retry-After", "1")))

    def list(self, **query: object) -> requests.Response:
        return self.send("GET", query=query)

    def get(self, product_id: object) -> requests.Response:
        return self.send("GET", f"products/{product_id}")

    def history(self, product_id: object, **query: object) -> requests.Response:
        return self.send("GET", f"products/{product_id}/changes", query=query)

    def create(self, body: object, headers: Mapping[str, str] | None = None) -> requests.Response:
        return self.send("POST", body=body, headers=headers)

    def update(self, product_id: object, body: object, headers: Mapping[str, str] | None = None) -> requests.Response:
        return self.send("PUT", f"products/{product_id}", body=body, headers=headers)

    def withdraw(self, product_id: object, headers: Mapping[str, str] | None = None) -> requests.Response:
        return self.send("DELETE", f"products/{product_id}", headers=headers)

    def records(self, product_id: object, **query: object) -> Sequence[Json]:
        """Return the newest records of a product's history; none where nothing has been decided yet."""
        response = self.history(product_id, **query)
        if response.status_code == 404:
            return []
        assert response.status_code == 200, response.text
        return cast("Sequence[Json]", json_of(response)["changes"])

    def record(self, accepted: requests.Response) -> Json:
        """Return what became of a change that was accepted, once that is decided."""
        assert accepted.status_code == 202, accepted.text
        change = json_of(accepted)

        def decided() -> Sequence[Json] | None:
            return self.records(change["productId"], changeId=change["changeId"]) or None

        (record,) = eventually(decided, f"change {change['changeId']} is decided")
        return record

    def product(self, product_id: object) -> Product | None:
        """Return a product, or ``None`` where there is none, not yet or no longer."""
        response = self.get(product_id)
        if response.status_code == 404:
            return None
        assert response.status_code == 200, response.text
        return cast("Product", json_of(response)["product"])

    @property
    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        return cast("requests.Session", self._local.session)


class Products:
    """The products of one run: each has the run's name in its own, and is withdrawn when the run ends.

    Parameters
    ----------
    api
        The API through a writer's key.
    """

    def __init__(self, api: ProductApi) -> None:
        self._api = api
        self.prefix = f"e2e {secrets.token_hex(4)}"
        self._numbers = itertools.count(1)
        self._ids: list[str] = []

    def name(self, words: str = "product") -> str:
        """Return a name that no other product has."""
        return f"{self.prefix} {words} {next(self._numbers)}"

    def fields(self, **given: object) -> Json:
        """Return what a request for a new product must hold, and what is given."""
        return {
            "name": self.name(),
            "description": "A product that the end-to-end tests made",
            "price": 299.99,
            "billingCycle": "monthly",
            **given,
        }

    def request(self, **given: object) -> requests.Response:
        """Ask for a new product."""
        response = self._api.create(self.fields(**given))
        if response.status_code == 202:
            self._ids.append(str(json_of(response)["productId"]))
        return response

    def make(self, **given: object) -> Product:
        """Return a new product once it is there."""
        response = self.request(**given)
        assert response.status_code == 202, response.text
        product_id = json_of(response)["productId"]
        return eventually(lambda: self._api.product(product_id), f"product {product_id} is readable")

    def update(self, product_id: object, **fields: object) -> Product:
        """Change a product, and return it once its version has risen."""
        before = self._api.product(product_id)
        response = self._api.update(product_id, fields)
        assert response.status_code == 202, response.text

        def changed() -> Product | None:
            product = self._api.product(product_id)
            return product if product and (before is None or product["version"] != before["version"]) else None

        return eventually(changed, f"product {product_id} changed")

    def withdraw(self, product_id: object) -> None:
        """Withdraw a product, and return once it has gone."""
        assert self._api.withdraw(product_id).status_code == 204
        eventually(lambda: self._api.product(product_id) is None, f"product {product_id} has gone")

    def listed(self) -> list[str]:
        """Return the ids of the run's active products, by name."""
        query: dict[str, object] = {"name": self.prefix, "limit": 100}
        found: list[str] = []
        while True:
            response = self._api.list(**query)
            found += ids_of(products_of(response))
            cursor = json_of(response)["nextCursor"]
            if cursor is None:
                return found
            query["cursor"] = cursor

    def adopt(self, product_id: str) -> None:
        """Withdraw this product, too, when the run ends."""
        self._ids.append(product_id)

    def withdraw_all(self) -> None:
        """Withdraw what is left of the run's products."""

        def none_left() -> bool:
            active = [*self.listed(), *(product_id for product_id in self._ids if self._api.product(product_id))]
            for product_id in dict.fromkeys(active):
                self._api.withdraw(product_id)
            return not active

        eventually(none_left, "the run's products are withdrawn")
