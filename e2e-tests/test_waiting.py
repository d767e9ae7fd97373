"""Callers who wait for what becomes of a change, on the history or in the write itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from product_api import assert_refused, json_of

if TYPE_CHECKING:
    import requests
    from product_api import Json, Product, ProductApi, Products

NEVER = "00000000-0000-4000-8000-000000000000"
WAIT = {"Prefer": "wait=10"}


def product_in(response: requests.Response, status: int) -> Product:
    """Return the product in the answer to a write that was applied in time."""
    assert response.status_code == status, response.text
    assert response.headers["Preference-Applied"] == "wait=10"
    return cast("Product", json_of(response)["product"])


@pytest.fixture
def made(writer: ProductApi, products: Products) -> Product:
    """A product whose creation was waited for."""
    response = writer.create(products.fields(price=1), WAIT)
    product = product_in(response, 201)
    products.adopt(str(product["productId"]))
    assert response.headers["Location"].endswith(f"/products/{product['productId']}")
    return product


def test_creation_update_and_withdrawal_show_at_once_to_who_waited(writer: ProductApi, made: Product) -> None:
    product_id = made["productId"]
    assert writer.product(product_id) == made

    changed = product_in(writer.update(product_id, {"price": 2}, WAIT), 200)
    assert (changed["price"], changed["version"]) == (2, 2)
    assert writer.product(product_id) == changed

    withdrawn = writer.withdraw(product_id, WAIT)
    assert (withdrawn.status_code, withdrawn.content) == (204, b"")
    assert withdrawn.headers["Preference-Applied"] == "wait=10"
    assert_refused(writer.get(product_id), 404, "ProductNotFound")


def test_change_that_was_applied_in_time_is_named_for_the_history(writer: ProductApi, made: Product) -> None:
    response = writer.update(made["productId"], {"price": 3}, WAIT)
    (record,) = writer.records(made["productId"], changeId=response.headers["X-Change-Id"])
    assert record["after"] == product_in(response, 200)


def test_of_two_changes_to_one_version_the_second_is_told_that_it_was_rejected(
    writer: ProductApi, made: Product
) -> None:
    """Whether it is told before it is queued or after."""
    condition = {"If-Match": '"1"'}
    first = writer.update(made["productId"], {"price": 2}, condition)
    assert first.status_code == 202
    second = writer.update(made["productId"], {"price": 3}, {**condition, **WAIT})
    assert_refused(second, 412, "VersionMismatch", field="If-Match", allowed='"2"')


def test_history_answers_as_soon_as_a_change_is_decided(writer: ProductApi, made: Product) -> None:
    accepted = json_of(writer.update(made["productId"], {"price": 2}))
    response = writer.history(made["productId"], changeId=accepted["changeId"], wait=10)
    assert response.status_code == 200, response.text
    (record,) = cast("list[Json]", json_of(response)["changes"])
    assert (record["changeId"], record["status"]) == (accepted["changeId"], "APPLIED")


def test_change_that_never_comes_is_not_found_after_the_wait(writer: ProductApi, made: Product) -> None:
    response = writer.history(made["productId"], changeId=NEVER, wait=1)
    assert_refused(response, 404, "NotFound")
    assert response.headers["Retry-After"] == "1"
    assert response.elapsed.total_seconds() >= 1


@pytest.mark.parametrize("wait", ["11", "1.5", "-1", "", "x"])
def test_wait_that_is_none_is_refused(writer: ProductApi, made: Product, wait: str) -> None:
    response = writer.history(made["productId"], changeId=NEVER, wait=wait)
    assert_refused(response, 400, "ValidationError", field="wait", allowed="from 0 to 10")


def test_wait_for_no_change_is_refused(writer: ProductApi, made: Product) -> None:
    response = writer.history(made["productId"], wait=1)
    assert_refused(response, 400, "ValidationError", field="wait", allowed="changeId")


def test_preferences_that_are_not_understood_are_passed_over(writer: ProductApi, made: Product) -> None:
    response = writer.update(made["productId"], {"price": 2}, {"Prefer": "wait=soon, return=minimal"})
    assert response.status_code == 202
    assert "Preference-Applied" not in response.headers
