"""A product from its creation to its withdrawal and back."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
from product_api import assert_refused, eventually, ids_of, is_uuid, json_of, products_of

if TYPE_CHECKING:
    from product_api import ProductApi, Products

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_product_lives_through_creation_changes_withdrawal_and_restoring(
    writer: ProductApi, products: Products
) -> None:
    name = products.name("whole life")
    product_id = products.make(name=name, price=100)["productId"]
    eventually(lambda: ids_of(products_of(writer.list(name=name))) == [product_id], "the product is listed")

    assert products.update(product_id, price=120.5)["price"] == Decimal("120.5")
    assert products.update(product_id, features=["Backed up daily"])["features"] == ["Backed up daily"]

    products.withdraw(product_id)
    assert_refused(writer.get(product_id), 404, "ProductNotFound")
    eventually(lambda: products_of(writer.list(name=name)) == [], "the product is listed no more")

    restored = products.update(product_id, active=True)
    assert restored["name"] == name
    assert restored["price"] == Decimal("120.5")
    assert restored["features"] == ["Backed up daily"]
    assert restored["version"] == 5
    eventually(lambda: products_of(writer.list(name=name)) == [restored], "the product is listed again")


def test_new_product_has_what_was_asked_and_defaults_for_the_rest(products: Products) -> None:
    fields = products.fields()
    product = products.make(**fields)
    assert is_uuid(product["productId"])
    assert {name: product[name] for name in ("name", "description", "billingCycle")} == {
        name: fields[name] for name in ("name", "description", "billingCycle")
    }
    assert product["price"] == Decimal("299.99")
    assert product["currency"] == "ZAR"
    assert product["features"] == []
    assert product["active"] is True
    assert product["version"] == 1
    assert product["lastUpdatedBy"]
    assert MOMENT.fullmatch(str(product["dateCreated"]))
    assert product["dateLastUpdated"] == product["dateCreated"]


def test_new_product_keeps_every_field_that_was_given(products: Products) -> None:
    given = {
        "name": products.name("every field"),
        "description": "d" * 500,
        "price": 999999.99,
        "currency": "EUR",
        "billingCycle": "one-time",
        "features": [f"Feature number {number}" for number in range(20)],
        "active": True,
    }
    product = products.make(**given)
    assert {**product, "price": float(str(product["price"]))}.items() >= given.items()


@pytest.mark.parametrize(
    "price", ["0.01", "0.1", "7", "1.10", "1e2", "1E-2", "0.5e1", "299.990", "999999.99", "12." + "5" + "0" * 40]
)
def test_price_comes_back_as_the_number_that_was_sent(writer: ProductApi, products: Products, price: str) -> None:
    product_id = products.make()["productId"]
    assert writer.update(product_id, f'{{"price": {price}, "currency": "USD"}}').status_code == 202
    changed = eventually(
        lambda: product if (product := writer.product(product_id)) and product["currency"] == "USD" else None,
        "the price changed",
    )
    assert Decimal(str(changed["price"])) == Decimal(price)


@pytest.mark.parametrize(
    ("currency", "price"), [("KWD", "12.345"), ("BHD", "0.001"), ("VND", "25000000"), ("ZAR", "9999999999.99")]
)
def test_price_has_the_decimals_of_its_currency(products: Products, currency: str, price: str) -> None:
    product = products.make(price=float(price), currency=currency)
    assert (Decimal(str(product["price"])), product["currency"]) == (Decimal(price), currency)


@pytest.mark.parametrize(("currency", "price"), [("JPY", 10.5), ("KRW", 99.99), ("ISK", 0.5), ("USD", 12.345)])
def test_price_that_its_currency_does_not_have_is_refused(
    writer: ProductApi, products: Products, currency: str, price: float
) -> None:
    product_id = products.make(price=7, currency=currency)["productId"]
    for body in ({"price": price}, {"price": price, "currency": currency}):
        assert_refused(
            writer.update(product_id, body), 400, "ValidationError", field="price", allowed=f"as {currency} has"
        )


def test_currency_alone_is_refused(writer: ProductApi, products: Products) -> None:
    response = writer.update(products.make()["productId"], {"currency": "JPY"})
    assert_refused(response, 400, "ValidationError", field="price", allowed="is required where currency is given")


@pytest.mark.parametrize(
    "words", ["Größe ñandú", "ウェブホスティング 日本語", "استضافة المواقع", "emoji 🚀 👩‍👧", 'Ω & <b> "q" \'%_*']
)
def test_text_of_any_language_comes_back_unchanged(writer: ProductApi, products: Products, words: str) -> None:
    name = products.name(words)
    product = products.make(name=name, description=f"{words} described", features=[f"{words} included"])
    assert product["name"] == name
    assert product["description"] == f"{words} described"
    assert product["features"] == [f"{words} included"]
    eventually(lambda: products_of(writer.list(name=name)) == [product], "the product is found by its name")


@pytest.mark.parametrize("character", ["n", "ß", "漢", "🚀", "ᾷ"])
def test_longest_text_of_any_characters_is_kept(writer: ProductApi, products: Products, character: str) -> None:
    name = products.name().ljust(100, character)
    product = products.make(name=name, description=character * 500, features=[character * 200] * 20)
    assert (product["name"], product["description"]) == (name, character * 500)
    assert product["features"] == [character * 200] * 20
    eventually(lambda: products_of(writer.list(name=name)) == [product], "the product is found by its name")


def test_text_is_stored_composed_and_trimmed(products: Products) -> None:
    name = products.name("café")
    product = products.make(
        name=f"  {unicodedata.normalize('NFD', name)} ",
        description=" Ten or more characters\u00a0",
        features=[" five5 "],
    )
    assert product["name"] == name
    assert product["description"] == "Ten or more characters"
    assert product["features"] == ["five5"]


def test_accepted_creation_says_where_the_product_will_be(writer: ProductApi, products: Products) -> None:
    response = products.request()
    answer = json_of(response)
    assert answer.keys() == {"productId", "changeId", "status"}
    assert is_uuid(answer["productId"])
    assert is_uuid(answer["changeId"])
    assert answer["status"] == "ACCEPTED"
    location = urljoin(response.url, response.headers["Location"])
    assert location == f"{writer.url}/products/{answer['productId']}"
    found = eventually(
        lambda: found if (found := writer.send("GET", location)).status_code == 200 else None,
        "Location leads to the product",
    )
    assert json_of(found)["product"] == writer.product(answer["productId"])


def test_accepted_update_says_where_the_product_is(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    response = writer.update(product_id, {"price": 5})
    answer = json_of(response)
    assert response.status_code == 202
    assert answer.keys() == {"productId", "changeId", "status"}
    assert answer["productId"] == product_id
    assert is_uuid(answer["changeId"])
    assert answer["status"] == "ACCEPTED"
    assert urljoin(response.url, response.headers["Location"]) == f"{writer.url}/products/{product_id}"


def test_accepted_withdrawal_has_no_body_and_names_its_change(writer: ProductApi, products: Products) -> None:
    response = writer.withdraw(products.make()["productId"])
    assert response.status_code == 204
    assert response.content == b""
    assert is_uuid(response.headers["X-Change-Id"])


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "Another description"},
        {"price": 1},
        {"price": 1, "currency": "USD"},
        {"billingCycle": "yearly"},
        {"features": ["First feature", "Second feature"]},
    ],
    ids=" and ".join,
)
def test_update_changes_the_given_fields_and_no_other(products: Products, fields: dict[str, object]) -> None:
    before = products.make()
    after = products.update(before["productId"], **fields)
    assert after.items() >= fields.items()
    assert after["version"] == 2
    assert str(after["dateLastUpdated"]) > str(before["dateLastUpdated"])
    untouched = before.keys() - {*fields, "version", "dateLastUpdated", "lastUpdatedBy"}
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}


def test_update_may_change_all_fields_at_once(products: Products) -> None:
    product_id = products.make()["productId"]
    fields = {
        "name": products.name("renamed"),
        "description": "Everything is new here",
        "price": 12,
        "currency": "GBP",
        "billingCycle": "yearly",
        "features": ["Renewed feature"],
        "active": True,
    }
    after = products.update(product_id, **fields)
    assert after.items() >= fields.items()
    assert after["version"] == 2


def test_features_can_be_emptied(products: Products) -> None:
    product_id = products.make(features=["First feature"])["productId"]
    assert products.update(product_id, features=[])["features"] == []


def test_last_of_quick_updates_wins(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    for price in range(1, 11):
        assert writer.update(product_id, {"price": price}).status_code == 202
    eventually(
        lambda: (product := writer.product(product_id)) is not None and product["price"] == 10, "the last price shows"
    )
    # A change that waits in the same queue, behind the prices.
    product = products.update(product_id, description="Sent after all the prices")
    assert product["price"] == 10
    assert int(str(product["version"])) <= 12


def test_withdrawn_product_is_gone_for_every_caller(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    products.withdraw(product_id)
    assert_refused(writer.get(product_id), 404, "ProductNotFound")
    assert_refused(writer.withdraw(product_id), 404, "ProductNotFound")


def test_update_can_withdraw_a_product(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    assert writer.update(product_id, {"active": False}).status_code == 202
    eventually(lambda: writer.product(product_id) is None, "the product has gone")


def test_product_created_inactive_appears_once_it_is_activated(writer: ProductApi, products: Products) -> None:
    name = products.name("prepared")
    response = products.request(name=name, active=False)
    product_id = json_of(response)["productId"]
    eventually(
        lambda: product_id in ids_of(products_of(writer.list(name=name, active="false"))),
        "the product is among the withdrawn ones",
    )
    assert_refused(writer.get(product_id), 404, "ProductNotFound")
    assert products.update(product_id, active=True)["name"] == name


def test_withdrawn_product_can_be_changed_and_restored_at_once(products: Products) -> None:
    product_id = products.make()["productId"]
    products.withdraw(product_id)
    restored = products.update(product_id, active=True, price=44)
    assert restored["active"] is True
    assert restored["price"] == 44


@pytest.mark.parametrize("product_id", ["00000000-0000-4000-8000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"])
def test_product_that_never_was_is_not_found(writer: ProductApi, product_id: str) -> None:
    assert_refused(writer.get(product_id), 404, "ProductNotFound")
    assert_refused(writer.update(product_id, {"price": 1}), 404, "ProductNotFound")
    assert_refused(writer.withdraw(product_id), 404, "ProductNotFound")


def test_product_id_may_be_written_in_capitals(writer: ProductApi, products: Products) -> None:
    product = products.make()
    assert writer.product(str(product["productId"]).upper()) == product
