"""Creations with an `Idempotency-Key`: sent again, they make no second product."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused, eventually, json_of

if TYPE_CHECKING:
    import requests
    from product_api import Json, ProductApi, Products

AT_ONCE = 10


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def create(writer: ProductApi, key: str | bytes, body: object) -> requests.Response:
    # requests takes bytes as they are, and text only as far as Latin-1 goes.
    return writer.create(body, headers={"Idempotency-Key": key})  # type: ignore[dict-item]


def accepted(response: requests.Response) -> Json:
    assert response.status_code == 202, response.text
    return json_of(response)


def at_once(writer: ProductApi, requests_: list[tuple[str, Json]]) -> list[requests.Response]:
    """Send creations, each over a connection of its own, all at the same moment."""
    start = Barrier(len(requests_))

    def send(request: tuple[str, Json]) -> requests.Response:
        # Connects, so that nothing but the request itself is left to do.
        writer.list(limit=1)
        start.wait()
        return create(writer, *request)

    with ThreadPoolExecutor(len(requests_)) as pool:
        return list(pool.map(send, requests_))


def assert_reused(response: requests.Response) -> None:
    assert_refused(response, 422, "IdempotencyKeyReused", field="Idempotency-Key", allowed="use a new key")


def test_retry_gets_the_same_answer_before_and_after_the_product_is_there(
    writer: ProductApi, products: Products, key: str
) -> None:
    body = products.fields()
    first = create(writer, key, body)
    answer = accepted(first)
    assert accepted(create(writer, key, body)) == answer

    product = eventually(lambda: writer.product(answer["productId"]), "the product is there")
    retry = create(writer, key, body)
    assert accepted(retry) == answer
    assert retry.headers["Location"] == first.headers["Location"]
    assert writer.product(answer["productId"]) == product


def test_ten_retries_at_once_make_one_product_and_one_record(writer: ProductApi, products: Products, key: str) -> None:
    body = products.fields()
    responses = at_once(writer, [(key, body)] * AT_ONCE)

    answers = [accepted(response) for response in responses]
    assert answers == [answers[0]] * AT_ONCE
    product_id = answers[0]["productId"]
    eventually(lambda: writer.product(product_id), "the product is there")
    # A change that waits in the same queue, behind the creations.
    assert products.update(product_id, price=5)["version"] == 2
    assert [record["changeType"] for record in writer.records(product_id)] == ["UPDATE", "CREATE"]
    assert [found for found in products.listed() if found == product_id] == [product_id]
    names = [(writer.product(found) or {}).get("name") for found in products.listed()]
    assert names.count(body["name"]) == 1


def test_retry_gets_the_same_answer_whatever_became_of_the_product(
    writer: ProductApi, products: Products, key: str
) -> None:
    body = products.fields()
    answer = accepted(create(writer, key, body))
    product_id = answer["productId"]
    eventually(lambda: writer.product(product_id), "the product is there")

    products.update(product_id, name=products.name("renamed"), price=5)
    assert accepted(create(writer, key, body)) == answer
    products.withdraw(product_id)
    assert accepted(create(writer, key, body)) == answer

    # The name is another's by now, and the withdrawn product stays as it is.
    products.make(name=body["name"])
    assert accepted(create(writer, key, body)) == answer
    assert writer.product(product_id) is None
    assert products.update(product_id, active=True)["price"] == 5


def test_retry_may_write_the_same_in_another_way(writer: ProductApi, products: Products, key: str) -> None:
    body = products.fields(price=10)
    answer = accepted(create(writer, key, body))
    again = {**body, "name": f" {body['name']}", "price": 10.00, "currency": "ZAR", "features": [], "active": True}
    assert accepted(create(writer, key, again)) == answer
    eventually(lambda: writer.product(answer["productId"]), "the product is there")
    assert accepted(create(writer, key, again)) == answer


def test_key_is_refused_with_another_body(writer: ProductApi, products: Products, key: str) -> None:
    body = products.fields()
    answer = accepted(create(writer, key, body))
    product = eventually(lambda: writer.product(answer["productId"]), "the product is there")

    assert_reused(create(writer, key, {**body, "price": 1}))
    assert_reused(create(writer, key, products.fields()))
    # Before the name is looked at.
    taken = products.make()["name"]
    assert_reused(create(writer, key, {**body, "name": taken}))

    assert writer.product(answer["productId"]) == product
    assert len(writer.records(answer["productId"])) == 1
    assert accepted(create(writer, key, body)) == answer


def test_of_two_bodies_with_one_key_at_once_one_makes_the_product(
    writer: ProductApi, products: Products, key: str
) -> None:
    bodies = [products.fields(price=1), products.fields(price=2)]
    responses = at_once(writer, [(key, body) for body in bodies])

    # The second is refused at once where the first has been decided by then, and else by the creator.
    assert {response.status_code for response in responses} <= {202, 422}
    records = [writer.record(response) for response in responses if response.status_code == 202]
    (product_id,) = {record["productId"] for record in records}
    (applied,) = [record for record in records if record["status"] == "APPLIED"]
    for record in records:
        if record is not applied:
            assert (record["status"], record["reason"]) == ("REJECTED", "IdempotencyKeyReused")
    for response in responses:
        if response.status_code == 422:
            assert_reused(response)

    product = writer.product(product_id)
    assert product is not None
    (winner,) = [body for body in bodies if body["name"] == product["name"]]
    (loser,) = [body for body in bodies if body is not winner]
    assert product["price"] == winner["price"]
    assert product["version"] == 1
    assert accepted(create(writer, key, winner))["changeId"] == applied["changeId"]
    assert_reused(create(writer, key, loser))
    # What was refused has taken no name.
    products.make(name=loser["name"])


def test_retry_of_a_creation_that_was_rejected_gets_the_same_answer(writer: ProductApi, products: Products) -> None:
    def two_of_one_name() -> list[tuple[str, Json, requests.Response]] | None:
        body = products.fields()
        keys = [str(uuid.uuid4()), str(uuid.uuid4())]
        responses = at_once(writer, [(key, body) for key in keys])
        if any(response.status_code == 409 for response in responses):
            return None
        return [(key, body, response) for key, response in zip(keys, responses, strict=True)]

    creations = eventually(two_of_one_name, "two creations of one name are accepted")
    records = [writer.record(response) for _, _, response in creations]
    assert sorted((str(record["status"]), record["reason"]) for record in records) == [
        ("APPLIED", None),
        ("REJECTED", "NameTaken"),
    ]
    for key, body, response in creations:
        assert accepted(create(writer, key, body)) == accepted(response)
        assert len(writer.records(json_of(response)["productId"])) == 1


def test_each_key_asks_for_a_product_of_its_own(writer: ProductApi, products: Products, key: str) -> None:
    answers = [accepted(create(writer, each, products.fields())) for each in (f"{key}1", f"{key}2")]
    assert answers[0]["productId"] != answers[1]["productId"]
    for answer in answers:
        eventually(lambda answer=answer: writer.product(answer["productId"]), "the product is there")  # type: ignore[misc]


@pytest.mark.parametrize("length", [1, 255])
def test_key_of_any_allowed_length_and_characters_is_taken(writer: ProductApi, products: Products, length: int) -> None:
    printable = "".join(map(chr, range(0x21, 0x7F)))
    each = {1: printable[uuid.uuid4().int % len(printable)], 255: f"{uuid.uuid4()} {printable}".ljust(255, "x")}[length]
    response = create(writer, each, products.fields())
    # A key of one character may have been used by an earlier run.
    assert response.status_code in ((202, 422) if length == 1 else (202,)), response.text


@pytest.mark.parametrize("bad", ["", "k" * 256, "k\x7f", b"\xe9", "schlüssel".encode()], ids=repr)
def test_bad_key_is_refused_by_its_name(writer: ProductApi, products: Products, bad: str | bytes) -> None:
    body = products.fields()
    assert_refused(
        create(writer, bad, body),
        400,
        "ValidationError",
        field="Idempotency-Key",
        allowed="1 to 255 printable ASCII characters",
    )
    # Nothing has taken the name.
    products.make(**body)


def test_body_is_refused_before_the_key_is_compared(writer: ProductApi, products: Products, key: str) -> None:
    answer = accepted(create(writer, key, products.fields()))
    eventually(lambda: writer.product(answer["productId"]), "the product is there")
    assert_refused(create(writer, key, products.fields(price=0)), 400, "ValidationError", field="price")


def test_reader_may_not_create_with_a_key_either(reader: ProductApi, products: Products, key: str) -> None:
    assert_refused(create(reader, key, products.fields()), 403, "Forbidden")
