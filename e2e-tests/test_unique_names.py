"""Names are unique among active products, whatever their case."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused, eventually, ids_of, json_of, products_of

if TYPE_CHECKING:
    import requests
    from product_api import ProductApi, Products


# Each may need a function's process of its own, and starting those takes its time on a small computer.
AT_ONCE = 4


def assert_taken(response: requests.Response) -> None:
    assert_refused(response, 409, "NameTaken", field="name", allowed="another active product")


@pytest.mark.parametrize(
    "alike",
    [str, str.upper, str.title, lambda name: f"  {name} ", lambda name: unicodedata.normalize("NFD", name)],
    ids=["same", "upper case", "title case", "padded", "decomposed"],
)
def test_name_of_an_active_product_is_taken(writer: ProductApi, products: Products, alike: type[str]) -> None:
    name = products.name("taken straße café")
    products.make(name=name)
    assert_taken(writer.create(products.fields(name=alike(name))))


def test_product_cannot_take_the_name_of_another(writer: ProductApi, products: Products) -> None:
    name = products.name("held")
    products.make(name=name)
    other = products.make()
    assert_taken(writer.update(other["productId"], {"name": name.upper()}))
    assert products.update(other["productId"], price=1)["name"] == other["name"]


def test_product_may_change_the_case_of_its_own_name(writer: ProductApi, products: Products) -> None:
    name = products.name("own name")
    product_id = products.make(name=name)["productId"]
    assert products.update(product_id, name=name.upper())["name"] == name.upper()
    assert_taken(writer.create(products.fields(name=name)))


def test_product_may_be_given_the_name_that_it_has(products: Products) -> None:
    product = products.make()
    assert products.update(product["productId"], name=product["name"])["name"] == product["name"]


def test_renaming_releases_the_name(products: Products) -> None:
    name = products.name("released")
    products.update(products.make(name=name)["productId"], name=products.name("renamed"))
    assert products.make(name=name)["name"] == name


def test_withdrawal_releases_the_name(products: Products) -> None:
    name = products.name("withdrawn")
    products.withdraw(products.make(name=name)["productId"])
    assert products.make(name=name.title())["name"] == name.title()


def test_product_cannot_be_restored_while_another_has_its_name(writer: ProductApi, products: Products) -> None:
    name = products.name("taken over")
    product_id = products.make(name=name)["productId"]
    products.withdraw(product_id)
    successor = products.make(name=name)
    assert_taken(writer.update(product_id, {"active": True}))

    new_name = products.name("restored elsewhere")
    assert products.update(product_id, active=True, name=new_name)["name"] == new_name
    assert writer.product(successor["productId"]) == successor


def test_withdrawn_product_may_have_a_name_that_is_taken(writer: ProductApi, products: Products) -> None:
    name = products.name("shared with a withdrawn one")
    products.make(name=name)
    response = products.request(name=name, active=False)
    assert response.status_code == 202
    product_id = json_of(response)["productId"]
    eventually(
        lambda: ids_of(products_of(writer.list(name=name, active="false"))) == [product_id],
        "the withdrawn product shows",
    )
    assert_taken(writer.update(product_id, {"active": True}))


def test_of_many_creations_of_one_name_at_once_one_succeeds(writer: ProductApi, products: Products) -> None:
    name = products.name("wanted by many")
    names = [name, name.upper(), name.title(), f" {name}"] * 3
    with ThreadPoolExecutor(AT_ONCE) as pool:
        responses = list(pool.map(lambda wanted: products.request(name=wanted), names))
    assert {response.status_code for response in responses} <= {202, 409}
    accepted = [json_of(response)["productId"] for response in responses if response.status_code == 202]

    def active() -> list[object]:
        return [product_id for product_id in accepted if writer.product(product_id)]

    (winner,) = eventually(lambda: active() or None, "one of them is there")
    # Changes that wait in the same queue, behind the other creations.
    for price in range(1, 4):
        products.update(winner, price=price)
    assert active() == [winner]
    eventually(lambda: ids_of(products_of(writer.list(name=name))) == [winner], "it alone is listed")
    assert_taken(writer.create(products.fields(name=name)))
