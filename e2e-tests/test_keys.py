"""Who may do what: callers without a key, with a wrong one, readers and writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from product_api import ProductApi, assert_refused, eventually, ids_of, products_of

if TYPE_CHECKING:
    from conftest import Deployment
    from product_api import Product, Products

PRODUCT = "products/00000000-0000-4000-8000-000000000000"
REQUESTS = [
    ("GET", "products", None),
    ("POST", "products", {"name": "Nobody's product"}),
    ("GET", PRODUCT, None),
    ("PUT", PRODUCT, {"price": 1}),
    ("DELETE", PRODUCT, None),
    ("GET", f"{PRODUCT}/changes", None),
]
each_request = pytest.mark.parametrize(
    ("method", "path", "body"),
    REQUESTS,
    ids=[f"{method} {path.replace(PRODUCT, 'product')}" for method, path, _ in REQUESTS],
)


@pytest.fixture(scope="module")
def product(products: Products) -> Product:
    return products.make()


@each_request
def test_request_without_a_key_is_refused(stranger: ProductApi, method: str, path: str, body: object) -> None:
    assert_refused(stranger.send(method, path, body=body), 403, "Forbidden")


@pytest.mark.parametrize(
    "key", ["wrong-key-wrong-key-wrong-key-wrong-key-", "x", "", "ключ".encode().decode("latin-1")]
)
@each_request
def test_request_with_a_wrong_key_is_refused(
    deployment: Deployment, method: str, path: str, body: object, key: str
) -> None:
    assert_refused(ProductApi(deployment.url, key).send(method, path, body=body), 403, "Forbidden")


def test_altered_key_is_refused(deployment: Deployment) -> None:
    for key in (deployment.writer_key[:-1], deployment.writer_key.swapcase(), f"{deployment.writer_key}x"):
        assert_refused(ProductApi(deployment.url, key).list(), 403, "Forbidden")


def test_reader_may_read(reader: ProductApi, product: Product) -> None:
    assert reader.product(product["productId"]) == product
    eventually(
        lambda: ids_of(products_of(reader.list(name=product["name"]))) == [product["productId"]],
        "the reader finds the product",
    )


def test_reader_may_change_nothing(
    reader: ProductApi, writer: ProductApi, products: Products, product: Product
) -> None:
    product_id = product["productId"]
    fields = products.fields(name=products.name("by a reader"))
    assert_refused(reader.create(fields), 403, "Forbidden")
    assert_refused(reader.update(product_id, {"price": 1}), 403, "Forbidden")
    assert_refused(reader.withdraw(product_id), 403, "Forbidden")
    products.make()
    assert writer.product(product_id) == product
    assert products_of(writer.list(name=fields["name"])) == []


def test_reader_is_refused_before_the_request_is_looked_at(reader: ProductApi) -> None:
    assert_refused(reader.create("no JSON"), 403, "Forbidden")
    assert_refused(reader.update("no-uuid", {}), 403, "Forbidden")
    assert_refused(reader.withdraw("no-uuid"), 403, "Forbidden")


def test_withdrawn_products_are_listed_for_writers_alone(
    reader: ProductApi, writer: ProductApi, products: Products
) -> None:
    name = products.name("seen by writers")
    product_id = products.make(name=name)["productId"]
    products.withdraw(product_id)
    eventually(
        lambda: ids_of(products_of(writer.list(name=name, active="false"))) == [product_id],
        "the writer finds the withdrawn product",
    )
    (withdrawn,) = products_of(writer.list(name=name, active="false"))
    assert withdrawn["active"] is False
    assert_refused(reader.list(active="false"), 403, "Forbidden")
    assert products_of(reader.list(name=name)) == []


def test_last_change_is_credited_to_the_client(products: Products, product: Product) -> None:
    assert products.update(product["productId"], price=3)["lastUpdatedBy"] == product["lastUpdatedBy"]
