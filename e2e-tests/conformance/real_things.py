"""Products, changes and cursors that are really there, to be sent among those that are made up."""

from __future__ import annotations

import uuid
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from conformance.contract import MOST_DECODED, amounts, faults_of_query, parameters, refuses_text
from product_api import json_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import requests
    import schemathesis
    from product_api import ProductApi, Products

# Of schemathesis; for an operation of whichever specification.
Case: TypeAlias = "schemathesis.Case[Any]"

# Products of each kind.
FEW = 3


class RealThings:
    """What a caller would know from earlier answers.

    Parameters
    ----------
    api
        The API through a writer's key.
    products
        Makes the products, and withdraws them in the end.
    """

    def __init__(self, api: ProductApi, products: Products) -> None:
        self._api = api
        self._products = products
        # What is changed or withdrawn is not what is read.
        read, changed, withdrawn = ([str(products.make()["productId"]) for _ in range(FEW)] for _ in range(3))
        for product_id in read:
            products.update(product_id, price=1.5)
        self._ids = {"updateProduct": changed, "withdrawProduct": withdrawn}
        self._others = read
        searches: Sequence[dict[str, str]] = (
            {},
            {"sortBy": "price", "order": "desc"},
            {"sortBy": "name", "name": products.prefix.upper()},
            {"minPrice": "1.50", "maxPrice": "999999.99", "currency": "ZAR"},
            {"billingCycle": "monthly", "order": "desc"},
        )
        self._cursors: set[str] = set()
        self._second_pages = [{**search, "cursor": self._cursor(api.list(limit=1, **search))} for search in searches]

    def put_into(self, case: Case, operation_id: str) -> None:
        """Put real things in the place of most of those that were made up; what is malformed stays."""
        product_id = None
        if number := _number(operation_id, "path", "productId", case.path_parameters):
            ids = self._ids.get(operation_id, self._others)
            product_id = ids[number % FEW]
            case.path_parameters = {"productId": product_id}
        query = {name: _text(value) for name, value in (case.query or {}).items()}
        if query and not any(faults_of_query(operation_id, part) for part in _parts(query)):
            case.query = self._real_query(operation_id, product_id, query)
            if "wait" in case.query:
                # Each of many requests would wait for what never comes.
                case.query["wait"] = "0"
        if isinstance(case.body, dict):
            for name in amounts() & case.body.keys():
                amount = case.body[name]
                if isinstance(amount, float) and amount > 0 and (number := zlib.crc32(repr(amount).encode()) % 8):
                    # Only the prose says how many decimals there may be: most get none, as every currency has them, or
                    # two.
                    case.body[name] = int(amount % 1e9) + 1 if number > 3 else round(amount % 1e9, 2)
        if _number(operation_id, "header", "Idempotency-Key", case.headers):
            case.headers["Idempotency-Key"] = str(uuid.uuid4())
        for name in MOST_DECODED:
            if _number(operation_id, "header", name, case.headers):
                case.headers[name] = quote("Größe 日本 🚀")
        for name in ("If-Match", "If-None-Match"):
            if _number(operation_id, "header", name, case.headers):
                case.headers[name] = self._tag(operation_id, product_id, case.query) or case.headers[name]

    def _real_query(self, operation_id: str, product_id: str | None, query: dict[str, str]) -> dict[str, str]:
        """Return a query with real things in it, and without parameters that exclude each other.

        It follows from the whole query what becomes of it, so that each parameter is also sent without the others.
        """
        number = zlib.crc32(repr(query).encode())
        if "changeId" in query and product_id and number % 3:
            change_id = str(self._api.records(product_id)[-1]["changeId"])
            return {name: text for name, text in query.items() if name == "wait"} | {"changeId": change_id}
        if "cursor" in query and number % 4 == 1:
            if operation_id.endswith("Products"):
                limit = {"limit": query["limit"]} if "limit" in query else {}
                return {**self._second_pages[number % len(self._second_pages)], **limit}
            if product_id:
                return {"limit": "1", "cursor": self._cursor(self._api.history(product_id, limit=1))}
        if number % 4:
            query = {name: text for name, text in query.items() if name not in ("cursor", "changeId", "wait")}
        excluded = faults_of_query(operation_id, {name: [text] for name, text in query.items()})
        if excluded and number % 8:
            # Of two searches that exclude each other now the one goes and now the other.
            search = {"minPrice", "maxPrice"} if number % 2 else {"name", *excluded}
            query = {name: text for name, text in query.items() if name not in {*search, "sortBy"}}
        return query

    def _tag(self, operation_id: str, product_id: str | None, query: Mapping[str, object] | None) -> str | None:
        """Return the tag of what a request is for; ``None`` where there is none."""
        if product_id:
            return self._api.get(product_id).headers.get("ETag")
        if operation_id.endswith("Products"):
            return self._api.list(**{name: _text(value) for name, value in (query or {}).items()}).headers.get("ETag")
        return None

    def handed_out(self, cursor: str) -> bool:
        """Tell whether a cursor is one of the API's own."""
        return cursor in self._cursors

    def created(self, product_id: str) -> None:
        """Note that there is one more product to withdraw in the end."""
        self._products.adopt(product_id)

    def withdrawn(self, product_id: str) -> None:
        """Ask for a product of these to be on sale again."""
        if product_id in self._ids["withdrawProduct"]:
            self._api.update(product_id, {"active": True})

    def _cursor(self, response: requests.Response) -> str:
        cursor = str(json_of(response)["nextCursor"])
        self._cursors.add(cursor)
        return cursor


def _parts(query: Mapping[str, str]) -> Iterator[dict[str, list[str]]]:
    """Yield each parameter by itself, but for the wait, which needs what is waited for."""
    for name in query:
        names = ("changeId", "wait") if name == "wait" and "changeId" in query else (name,)
        yield {each: [query[each]] for each in names}


def _text(value: object) -> str:
    """Return a value as it is written in a query."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(operation_id: str, location: str, name: str, given: Mapping[str, object] | None) -> int:
    """Return a number that follows from a parameter's value; 0, once in eight times, says to leave the value alone.

    It is 0, too, where the value isn't what the document allows: that is to be refused, and has to stay.
    """
    parameter = parameters(operation_id, location).get(name)
    value = (given or {}).get(name)
    if parameter is None or not isinstance(value, str) or refuses_text(parameter, value):
        return 0
    number = zlib.crc32(value.encode())
    return number if number % 8 else 0
