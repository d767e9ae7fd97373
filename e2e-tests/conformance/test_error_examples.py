"""The document's examples of errors are what the API really says."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, cast

import pytest
from conformance.contract import component, document
from product_api import json_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from product_api import Json, Product, ProductApi, Products

EXAMPLES = {
    name: cast("Json", each["value"])
    for name, each in cast("dict[str, dict[str, Json]]", document()["components"])["examples"].items()
    if "requestId" in cast("Json", each["value"])
}
# Nobody can bring these about from outside but by sending much, or breaking something.
ELSEWHERE = {"TooManyRequests", "InternalError", "ServiceUnavailable"}
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VERSION = re.compile(r'"\d+"')


@pytest.fixture(scope="module")
def product(products: Products) -> Product:
    return products.make()


@pytest.fixture(scope="module")
def refusals(
    writer: ProductApi, stranger: ProductApi, products: Products, product: Product
) -> dict[str, Callable[[], requests.Response]]:
    product_id = product["productId"]
    missing, change = (str(component("parameters", name)["example"]) for name in ("productId", "changeId"))
    key = {"Idempotency-Key": str(uuid.uuid4())}

    def reuse_a_key() -> requests.Response:
        first = writer.create(products.fields(), headers=key)
        products.adopt(str(json_of(first)["productId"]))
        writer.record(first)
        return writer.create(products.fields(), headers=key)

    return {
        "InvalidParameter": lambda: writer.list(limit=0, minPrice=2, maxPrice=1),
        "InvalidCursor": lambda: writer.list(cursor="made-up"),
        "InvalidCombination": lambda: writer.history(product_id, changeId=change, limit=1),
        "InvalidId": lambda: writer.get("1"),
        "InvalidFields": lambda: writer.create(products.fields(price=0, colour="red")),
        "InvalidBody": lambda: writer.create("{'price': 1}"),
        "NoKey": lambda: stranger.get(product_id),
        "ProductNotFound": lambda: writer.get(missing),
        "ChangePending": lambda: writer.history(missing, changeId=change),
        "NothingHere": lambda: writer.get(f"{product_id}/nothing"),
        "NotAcceptable": lambda: writer.send("GET", headers={"Accept": "text/html"}),
        "NameTaken": lambda: writer.create(products.fields(name=product["name"])),
        "VersionMismatch": lambda: writer.update(product_id, {"price": 1}, headers={"If-Match": '"99"'}),
        "PayloadTooLarge": lambda: writer.create("{" + " " * 32_768 + "}"),
        "UnsupportedMediaType": lambda: writer.send("POST", body={}, headers={"Content-Type": "text/plain"}),
        "IdempotencyKeyReused": reuse_a_key,
    }


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in {*ELSEWHERE, "ReaderKey"}])
def test_error_example_is_what_the_api_says(refusals: dict[str, Callable[[], requests.Response]], name: str) -> None:
    assert comparable(json_of(refusals[name]())) == comparable(EXAMPLES[name])


def test_example_of_a_readers_key_is_what_the_api_says(reader: ProductApi) -> None:
    assert comparable(json_of(reader.create({}))) == comparable(EXAMPLES["ReaderKey"])


def comparable(error: object) -> object:
    """Return an error without what differs between two products and two requests."""
    if isinstance(error, dict):
        return {name: comparable(value) for name, value in error.items() if name != "requestId"}
    if isinstance(error, list):
        return [comparable(part) for part in error]
    return VERSION.sub('"…"', ID.sub("…", str(error)))
