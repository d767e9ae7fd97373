"""Reading a product or a page again: who has the latest one is told so, and is not sent it once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused, eventually, json_of, products_of

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


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("condition", "status"), [("*", 200), ('"7", "1"', 200), ('"2"', 412), ('W/"1"', 412)])
def test_product_is_read_if_it_has_the_version_that_the_caller_wants(
    reader: ProductApi, product: Product, method: str, condition: str, status: int
) -> None:
    response = reader.send(method, f"products/{product['productId']}", headers={"If-Match": condition})
    assert response.status_code == status


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


# Pages


def listed(api: ProductApi, name: object, condition: str | None = None, method: str = "GET") -> requests.Response:
    headers = {} if condition is None else {"If-None-Match": condition}
    return api.send(method, query={"name": name}, headers=headers)


@pytest.fixture
def page(writer: ProductApi, products: Products) -> Product:
    """A product that is alone on the page that is found by its name."""
    product = products.make()
    eventually(lambda: products_of(listed(writer, product["name"])) == [product], "it is listed")
    return product


def test_page_that_the_caller_has_is_not_sent_again(reader: ProductApi, writer: ProductApi, page: Product) -> None:
    first = listed(reader, page["name"])
    tag = first.headers["ETag"]
    assert listed(writer, page["name"]).headers["ETag"] == tag
    for condition in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        for method in ("GET", "HEAD"):
            response = listed(reader, page["name"], condition, method)
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["ETag"] == tag
            for name in ("Cache-Control", "Vary"):
                assert response.headers[name] == first.headers[name]


def test_page_that_the_caller_does_not_have_is_sent(reader: ProductApi, page: Product) -> None:
    for condition in ('"1"', 'W/"other"', listed(reader, f"{page['name']} x").headers["ETag"]):
        response = listed(reader, page["name"], condition)
        assert products_of(response) == [page]


@pytest.mark.parametrize("condition", ["1", '"1', "'1'", '*, "1"', "null"])
def test_malformed_condition_on_a_page_is_refused(reader: ProductApi, condition: str) -> None:
    response = reader.send("GET", headers={"If-None-Match": condition})
    assert_refused(response, 400, "ValidationError", field="If-None-Match", allowed="double quotes")


def test_page_is_sent_again_once_a_product_on_it_changed_or_went(
    writer: ProductApi, products: Products, page: Product
) -> None:
    tag = listed(writer, page["name"]).headers["ETag"]
    after = products.update(page["productId"], price=7)
    changed = eventually(
        lambda: response if (response := listed(writer, page["name"], tag)).status_code == 200 else None,
        "the changed page is sent",
    )
    assert json_of(changed)["products"] == [after]
    tag = changed.headers["ETag"]
    assert listed(writer, page["name"], tag).status_code == 304
    products.withdraw(page["productId"])
    eventually(lambda: listed(writer, page["name"], tag).status_code == 200, "the page without it is sent")


def test_condition_gives_readers_nothing_of_withdrawn_products(reader: ProductApi) -> None:
    response = reader.send("GET", query={"active": "false"}, headers={"If-None-Match": "*"})
    assert_refused(response, 403, "Forbidden")
    assert "ETag" not in response.headers
