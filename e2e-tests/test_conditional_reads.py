"""Reading a product again: who has its latest version is told so, and is not sent it once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused

if TYPE_CHECKING:
    import requests
    from product_api import Product, ProductApi, Products


@pytest.fixture(scope="module")
def product(products: Products) -> Product:
    return products.make()


def read(api: ProductApi, product: Product, condition: str) -> requests.Response:
    return api.send("GET", f"products/{product['productId']}", headers={"If-None-Match": condition})


def test_answer_is_tagged_with_the_version(reader: ProductApi, product: Product) -> None:
    assert reader.get(product["productId"]).headers["ETag"] == '"1"'


@pytest.mark.parametrize("condition", ['"1"', 'W/"1"', "*", '"7", "1"', 'W/"7" , W/"1"'])
def test_product_that_the_caller_has_is_not_sent_again(reader: ProductApi, product: Product, condition: str) -> None:
    response = read(reader, product, condition)
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == '"1"'


@pytest.mark.parametrize("condition", ['"2"', 'W/"2"', '"01"', '""', '"*"'])
def test_product_that_the_caller_does_not_have_is_sent(reader: ProductApi, product: Product, condition: str) -> None:
    response = read(reader, product, condition)
    assert response.status_code == 200
    assert response.headers["ETag"] == '"1"'


@pytest.mark.parametrize("condition", ["1", '"1', "'1'", '*, "1"', "null"])
def test_malformed_condition_is_refused(reader: ProductApi, product: Product, condition: str) -> None:
    response = read(reader, product, condition)
    assert_refused(response, 400, "ValidationError", field="If-None-Match", allowed="double quotes")


def test_changed_product_is_sent_again(writer: ProductApi, products: Products) -> None:
    product = products.make()
    assert read(writer, product, '"1"').status_code == 304
    products.update(product["productId"], price=7)
    response = read(writer, product, '"1"')
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    assert read(writer, product, '"2"').status_code == 304


def test_withdrawn_product_is_not_found_whatever_the_condition(writer: ProductApi, products: Products) -> None:
    product = products.make()
    products.withdraw(product["productId"])
    for condition in ('"1"', "*"):
        assert_refused(read(writer, product, condition), 404, "ProductNotFound")
