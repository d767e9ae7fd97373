"""Bodies that the contract doesn't allow: each is refused by naming the field and saying what is allowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused, eventually, ids_of, json_of, products_of

if TYPE_CHECKING:
    import requests
    from product_api import Json, Product, ProductApi, Products

MOST_BYTES = 32 * 1024

# Field, the value as JSON text, the field that the error must name (where it is another), what it must say.
NAME, DESCRIPTION, FEATURE = "3 to 100 characters", "10 to 500 characters", "5 to 200 characters"
# A change of the price alone is held to the currency of its product, once it may be a price at all.
PRICE, FEATURES = "must be a number from 0.0", "array of at most 20 strings"
CURRENCY, CYCLE, ACTIVE, UNKNOWN = "ISO 4217", "monthly, yearly, one-time", "true or false", "not a field"
BAD_VALUES = [
    *(
        ("name", value, "name", NAME)
        for value in (
            '""',
            '"ab"',
            '"   "',
            '" \\u00a0 \\t "',
            '" ab "',
            json.dumps("n" * 101),
            '"bell \\u0007 rings"',
            '"tab\\there"',
            '"new\\nline"',
            '"delete \\u007f"',
            '"next line \\u0085 here"',
            '"no character \\uffff"',
            '"lost character \\ufffd"',
            "12345",
            "null",
            "true",
            '["abc"]',
            '{"en": "abc"}',
        )
    ),
    *(
        ("description", value, "description", DESCRIPTION)
        for value in (
            '""',
            '"too short"',
            '"  too short  "',
            json.dumps("d" * 501),
            '"null \\u0000 inside"',
            "1234567890",
            "null",
        )
    ),
    *(
        ("price", value, "price", PRICE)
        for value in (
            "0",
            "0.0",
            "-0",
            "-0.0",
            "-1",
            "-0.01",
            "1e10",
            "10000000000",
            "9999999999.991",
            '"12"',
            "NaN",
            "Infinity",
            "-Infinity",
            "12.345",
            "0.001",
            "1e-3",
            "1e400",
            "1e-400",
            "1e999999999",
            "1e9999999999999999999999",
            "-1e-9999999999999999999999",
            "9" * 400,
            "1" * 40,
            "1." + "1" * 40,
            "1." + "0" * 40 + "1",
            "true",
            "null",
            "[1]",
            "{}",
        )
    ),
    *(("currency", value, "currency", CURRENCY) for value in ('"XXX"', '"zar"', '"ZA"', '"ZAR "', '""', "710", "null")),
    *(
        ("billingCycle", value, "billingCycle", CYCLE)
        for value in ('"weekly"', '"Monthly"', '"monthly "', '""', "1", "null", '["monthly"]')
    ),
    ("features", json.dumps(["Feature"] * 21), "features", FEATURES),
    ("features", '"Feature"', "features", FEATURES),
    ("features", "null", "features", FEATURES),
    ("features", '{"0": "Feature"}', "features", FEATURES),
    ("features", '["four"]', "features[0]", FEATURE),
    ("features", '["Feature", "     "]', "features[1]", FEATURE),
    ("features", json.dumps(["f" * 201]), "features[0]", FEATURE),
    ("features", '["line\\nbreak"]', "features[0]", FEATURE),
    ("features", "[12345]", "features[0]", FEATURE),
    ("features", "[null]", "features[0]", FEATURE),
    *(("active", value, "active", ACTIVE) for value in ('"true"', "1", "0", "null", "[]")),
    *(
        (field, "1", field, UNKNOWN)
        for field in ("colour", "productId", "version", "dateCreated", "lastUpdatedBy", "Name", "__proto__", "größe")
    ),
]
each_bad_value = pytest.mark.parametrize(
    ("field", "value", "named", "allowed"), BAD_VALUES, ids=[f"{case[0]}={case[1][:24]}" for case in BAD_VALUES]
)

# Bodies that are no JSON object at all.
NO_OBJECTS: dict[str, str | bytes] = {
    "empty": "",
    "blank": "  ",
    "cut short": '{"name": "abc"',
    "no JSON": "name=abc",
    "single quotes": "{'name': 'abc'}",
    "trailing comma": '{"name": "abc",}',
    "two objects": "{}{}",
    "array": "[]",
    "text": '"name"',
    "number": "12",
    "null": "null",
    "true": "true",
    "NaN": "NaN",
    "number with a zero in front": '{"price": 01}',
    "number with a plus": '{"price": +1}',
    "number without a fraction": '{"price": 1.}',
    "number without an integer": '{"price": .5}',
    "hexadecimal number": '{"price": 0x10}',
    "deeply nested": "[" * 10_000 + "]" * 10_000,
    "deeply nested field": '{"features": ' + "[" * 10_000 + "]" * 10_000 + "}",
    "byte-order mark": '\ufeff{"price": 1}',
    "Latin-1": '{"name": "Größe"}'.encode("latin-1"),
    "UTF-8 cut short": '{"name": "Größe'.encode()[:-2] + b'"}',
    "overlong UTF-8": b'{"name": "Gr\xc1\xb6\xc1\x9fe"}',
    "half a surrogate pair in UTF-8": b'{"name": "half \xed\xa0\xbd only"}',
    "bytes that are nothing": bytes(range(128, 256)),
    "UTF-16": '{"price": 1}'.encode("utf-16"),
    "null byte": '{"price": 1}\x00',
    "half a surrogate pair": '{"name": "half \\ud83d only"}',
}
each_no_object = pytest.mark.parametrize("body", NO_OBJECTS.values(), ids=NO_OBJECTS.keys())


def with_value(fields: Json, field: str, value: str) -> str:
    """Return a body that holds one value as it is written."""
    others = {name: json.dumps(other) for name, other in fields.items()}
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in {**others, field: value}.items()) + "}"


def padded(fields: Json, size: int) -> bytes:
    """Return a valid body of so many bytes."""
    return json.dumps(fields).encode().ljust(size)


@pytest.fixture(scope="module")
def product(products: Products) -> Product:
    return products.make()


@each_bad_value
def test_creation_with_a_bad_value_is_refused(
    writer: ProductApi, products: Products, field: str, value: str, named: str, allowed: str
) -> None:
    response = writer.create(with_value(products.fields(), field, value))
    assert_refused(response, 400, "ValidationError", field=named, allowed=allowed)


@each_bad_value
def test_update_with_a_bad_value_is_refused(
    writer: ProductApi, product: Product, field: str, value: str, named: str, allowed: str
) -> None:
    response = writer.update(product["productId"], with_value({"price": 7, "billingCycle": "yearly"}, field, value))
    assert_refused(response, 400, "ValidationError", field=named, allowed=allowed)


@each_no_object
def test_creation_with_a_body_that_is_no_object_is_refused(writer: ProductApi, body: str | bytes) -> None:
    assert_refused(writer.create(body), 400, "ValidationError", field="body", allowed="must be a JSON object")


@each_no_object
def test_update_with_a_body_that_is_no_object_is_refused(
    writer: ProductApi, product: Product, body: str | bytes
) -> None:
    response = writer.update(product["productId"], body)
    assert_refused(response, 400, "ValidationError", field="body", allowed="must be a JSON object")


@pytest.mark.parametrize("field", ["name", "description", "price", "billingCycle"])
def test_creation_without_a_required_field_is_refused(writer: ProductApi, products: Products, field: str) -> None:
    body = products.fields()
    del body[field]
    assert_refused(writer.create(body), 400, "ValidationError", field=field, allowed="is required")


def test_every_field_at_fault_is_named(writer: ProductApi) -> None:
    answer = assert_refused(
        writer.create({"name": "x", "price": 0, "currency": "none", "colour": "red"}), 400, "ValidationError"
    )
    details = answer["details"]
    assert isinstance(details, list)
    assert {detail["field"] for detail in details} == {
        "name",
        "description",
        "price",
        "billingCycle",
        "currency",
        "colour",
    }


def test_update_without_any_field_is_refused(writer: ProductApi, product: Product) -> None:
    response = writer.update(product["productId"], {})
    assert_refused(response, 400, "ValidationError", field="body", allowed="at least one of name")


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("price", '1, "price": 2', "price"),
        ("price", '1, "price": 1', "price"),
        ("price", '1, "pr\\u0069ce": 1', "price"),
        ("colour", '{"a": 1, "a": 2}', "a"),
    ],
)
def test_field_given_twice_is_refused(
    writer: ProductApi, product: Product, products: Products, field: str, value: str, named: str
) -> None:
    creation, update = (with_value(fields, field, value) for fields in (products.fields(), {}))
    for response in (writer.create(creation), writer.update(product["productId"], update)):
        assert_refused(response, 400, "ValidationError", field=named, allowed="once")


def test_nested_value_where_a_text_is_wanted_is_refused_by_its_field(writer: ProductApi, products: Products) -> None:
    for value in ("[" * 500 + "]" * 500, '{"a":' * 500 + "1" + "}" * 500):
        response = writer.create(with_value(products.fields(), "name", value))
        assert_refused(response, 400, "ValidationError", field="name", allowed=NAME)


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 200_000])
def test_body_over_32_kb_is_refused(writer: ProductApi, products: Products, product: Product, size: int) -> None:
    body = padded(products.fields(), size)
    for response in (writer.create(body), writer.update(product["productId"], body)):
        assert "32" in str(assert_refused(response, 413, "PayloadTooLarge")["message"])


def test_body_of_32_kb_is_accepted(writer: ProductApi, product: Product) -> None:
    assert writer.update(product["productId"], padded({"price": 299.99}, MOST_BYTES)).status_code == 202


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_body_that_is_not_declared_as_json_is_refused(
    writer: ProductApi, products: Products, product: Product, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    path = f"products/{product['productId']}"
    for response in (
        writer.send("POST", body=products.fields(), headers=headers),
        writer.send("PUT", path, body={"price": 1}, headers=headers),
    ):
        assert "application/json" in str(assert_refused(response, 415, "UnsupportedMediaType")["message"])


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_declared_in_other_ways(writer: ProductApi, product: Product, media_type: str) -> None:
    path = f"products/{product['productId']}"
    response = writer.send("PUT", path, body={"price": 299.99}, headers={"Content-Type": media_type})
    assert response.status_code == 202, response.text


@pytest.mark.parametrize("product_id", ["1", "not-a-uuid", "0" * 32, "00000000-0000-4000-8000-00000000000g", "x" * 300])
def test_product_id_that_is_no_uuid_is_refused(writer: ProductApi, product_id: str) -> None:
    for response in (writer.get(product_id), writer.update(product_id, {"price": 1}), writer.withdraw(product_id)):
        assert_refused(response, 400, "ValidationError", field="productId", allowed="UUID")


def refusals(writer: ProductApi, products: Products, name: str) -> list[requests.Response]:
    """Return the answers to creations of that name, each with one bad value."""
    fields = products.fields(name=name)
    return [writer.create(with_value(fields, field, value)) for field, value, *_ in BAD_VALUES if field != "name"]


def test_refused_creations_leave_nothing_behind(writer: ProductApi, products: Products) -> None:
    name = products.name("refused until it is right")
    assert {response.status_code for response in refusals(writer, products, name)} == {400}
    product = products.make(name=name)
    eventually(lambda: ids_of(products_of(writer.list(name=name))) == [product["productId"]], "only the good one shows")


def test_refused_updates_change_nothing(writer: ProductApi, products: Products) -> None:
    before = products.make()
    for field, value, *_ in BAD_VALUES:
        body = with_value({"description": "Not to be seen anywhere"}, field, value)
        assert writer.update(before["productId"], body).status_code == 400
    after = products.update(before["productId"], price=1)
    assert after["version"] == 2
    assert after["description"] == before["description"]


def test_each_refusal_has_a_request_id_of_its_own(writer: ProductApi) -> None:
    assert len({str(json_of(writer.create("{"))["requestId"]) for _ in range(3)}) == 3
