"""Changes that are wanted only to the version that the caller has seen (`If-Match`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused, eventually, json_of

if TYPE_CHECKING:
    import requests
    from product_api import ProductApi, Products

UNKNOWN = "00000000-0000-4000-8000-000000000000"
AT_ONCE = 10
# Each may need a function's process of its own, and starting those takes its time on a small computer.
WRITERS = 4
ROUNDS = 3


def update(writer: ProductApi, product_id: object, if_match: str, body: object) -> requests.Response:
    return writer.update(product_id, body, headers={"If-Match": if_match})


def withdraw(writer: ProductApi, product_id: object, if_match: str) -> requests.Response:
    return writer.withdraw(product_id, headers={"If-Match": if_match})


def assert_mismatch(response: requests.Response, current: int) -> None:
    assert_refused(response, 412, "VersionMismatch", field="If-Match", allowed=f'the current version, "{current}"')


def test_change_to_the_current_version_is_made_and_one_to_a_stale_version_refused(
    writer: ProductApi, products: Products
) -> None:
    product_id = products.make(price=1)["productId"]
    assert_mismatch(update(writer, product_id, '"2"', {"price": 2}), 1)

    tag = writer.get(product_id).headers["ETag"]
    response = update(writer, product_id, tag, {"price": 3})
    assert response.status_code == 202, response.text
    assert writer.record(response)["status"] == "APPLIED"

    assert_mismatch(update(writer, product_id, tag, {"price": 4}), 2)
    product = writer.product(product_id)
    assert product is not None
    assert (product["price"], product["version"]) == (3, 2)


def test_withdrawal_of_the_current_version_is_made_and_of_a_stale_one_refused(
    writer: ProductApi, products: Products
) -> None:
    product_id = products.make()["productId"]
    products.update(product_id, price=2)
    assert_mismatch(withdraw(writer, product_id, '"1"'), 2)
    assert writer.product(product_id) is not None

    assert withdraw(writer, product_id, '"2"').status_code == 204
    eventually(lambda: writer.product(product_id) is None, "the product has gone")
    assert_refused(withdraw(writer, product_id, '"3"'), 404, "ProductNotFound")


def test_withdrawn_product_is_restored_on_condition_of_its_version(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    products.withdraw(product_id)
    assert_mismatch(update(writer, product_id, '"1"', {"active": True}), 2)

    assert update(writer, product_id, '"2"', {"active": True}).status_code == 202
    restored = eventually(lambda: writer.product(product_id), "the product is back")
    assert restored["version"] == 3


@pytest.mark.parametrize("condition", ["*", '"7", "1"', ',"1",', 'W/"1", "1"'])
def test_condition_that_holds_lets_the_change_through(writer: ProductApi, products: Products, condition: str) -> None:
    product_id = products.make()["productId"]
    response = update(writer, product_id, condition, {"price": 5})
    assert response.status_code == 202, response.text
    assert writer.record(response)["status"] == "APPLIED"
    assert withdraw(writer, product_id, condition.replace('"1"', '"2"')).status_code == 204
    eventually(lambda: writer.product(product_id) is None, "the product has gone")


@pytest.mark.parametrize("condition", ['W/"1"', '"7", "8"', '"abc"', '"01"', '""'])
def test_condition_that_does_not_hold_is_a_mismatch(writer: ProductApi, products: Products, condition: str) -> None:
    product = products.make()
    assert_mismatch(update(writer, product["productId"], condition, {"price": 5}), 1)
    assert_mismatch(withdraw(writer, product["productId"], condition), 1)
    assert writer.product(product["productId"]) == product


@pytest.mark.parametrize("condition", ["*", '"1"', 'W/"1"', '"7", "1"'])
def test_change_is_refused_where_what_must_not_be_there_is(
    writer: ProductApi, products: Products, condition: str
) -> None:
    product = products.make()
    headers = {"If-None-Match": condition}
    for response in (
        writer.update(product["productId"], {"price": 5}, headers=headers),
        writer.withdraw(product["productId"], headers=headers),
    ):
        assert_refused(response, 412, "VersionMismatch", field="If-None-Match", allowed='"1"')
    assert writer.product(product["productId"]) == product


def test_date_of_modification_is_refused_rather_than_not_kept(writer: ProductApi, products: Products) -> None:
    headers = {"If-Unmodified-Since": "Sun, 22 Nov 2026 08:00:00 GMT"}
    response = writer.update(products.make()["productId"], {"price": 5}, headers=headers)
    assert_refused(response, 400, "ValidationError", field="If-Unmodified-Since", allowed="If-Match")


@pytest.mark.parametrize("condition", ["", "1", "'1'", '"1', 'w/"1"', '*, "1"', '"1" "2"', ","])
def test_malformed_condition_is_refused_by_its_name(writer: ProductApi, products: Products, condition: str) -> None:
    product = products.make()
    for product_id in (product["productId"], UNKNOWN):
        for response in (update(writer, product_id, condition, {"price": 5}), withdraw(writer, product_id, condition)):
            assert_refused(response, 400, "ValidationError", field="If-Match", allowed="in double quotes")
    assert writer.product(product["productId"]) == product


@pytest.mark.parametrize("condition", ["*", '"1"'])
def test_product_that_never_was_is_not_found_whatever_the_condition(writer: ProductApi, condition: str) -> None:
    assert_refused(update(writer, UNKNOWN, condition, {"price": 5}), 404, "ProductNotFound")
    assert_refused(withdraw(writer, UNKNOWN, condition), 404, "ProductNotFound")


def test_mismatch_comes_after_a_bad_body_and_before_a_name_that_is_taken(
    writer: ProductApi, products: Products
) -> None:
    taken = products.make()["name"]
    product_id = products.make()["productId"]
    assert_refused(update(writer, product_id, '"2"', {"price": 0}), 400, "ValidationError", field="price")
    assert_mismatch(update(writer, product_id, '"2"', {"name": taken}), 1)
    assert_refused(update(writer, product_id, '"1"', {"name": taken}), 409, "NameTaken", field="name")


def test_reader_learns_nothing_of_versions(reader: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    assert_refused(update(reader, product_id, '"2"', {"price": 5}), 403, "Forbidden")
    assert_refused(withdraw(reader, product_id, '"2"'), 403, "Forbidden")


def test_of_ten_changes_to_one_version_at_once_one_is_made(writer: ProductApi, products: Products) -> None:
    product_id = products.make(price=100)["productId"]
    start = Barrier(AT_ONCE)

    def change(price: int) -> requests.Response:
        # Connects, so that nothing but the request itself is left to do.
        writer.get(product_id)
        start.wait()
        return update(writer, product_id, '"1"', {"price": price})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        responses = list(pool.map(change, range(1, AT_ONCE + 1)))

    # Who comes when the first has been applied is told at once, and who came before that by the history.
    for response in responses:
        if response.status_code != 202:
            assert_mismatch(response, 2)
    records = [writer.record(response) for response in responses if response.status_code == 202]
    (applied,) = [record for record in records if record["status"] == "APPLIED"]
    for record in records:
        if record is not applied:
            assert (record["status"], record["reason"]) == ("REJECTED", "VersionMismatch")
            assert record["expectedVersion"] == 1
    product = writer.product(product_id)
    assert product is not None
    assert product["version"] == 2
    assert product["price"] == applied["fields"]["price"]  # type: ignore[index]


def test_no_change_is_lost_when_each_is_made_to_what_was_read(writer: ProductApi, products: Products) -> None:
    product_id = products.make(price=1)["productId"]

    def raise_price() -> bool:
        """Make the price one higher than it was read, and tell whether that was done."""
        read = writer.get(product_id)
        price = int(Decimal(str(json_of(read)["product"]["price"])))  # type: ignore[index]
        response = update(writer, product_id, read.headers["ETag"], {"price": price + 1})
        if response.status_code == 412:
            return False
        assert response.status_code == 202, response.text
        return writer.record(response)["status"] == "APPLIED"

    def raise_price_often() -> None:
        for _ in range(ROUNDS):
            eventually(raise_price, "the price is raised")

    with ThreadPoolExecutor(WRITERS) as pool:
        for writing in [pool.submit(raise_price_often) for _ in range(WRITERS)]:
            writing.result()

    product = writer.product(product_id)
    assert product is not None
    assert product["price"] == 1 + WRITERS * ROUNDS
    assert product["version"] == 1 + WRITERS * ROUNDS
