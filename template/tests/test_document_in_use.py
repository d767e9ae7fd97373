"""The OpenAPI document as its users' own validators read it: each as it comes, with nothing replaced or left out.

What the API accepts and answers, they must take: a number as JSON parsers make it, a binary float in most.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import re2
import yaml
from jsonschema import Draft202012Validator
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_schema_validator import OAS31Validator

from local import node
from local.layout import INFRASTRUCTURE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = ROOT / "template" / "tests" / "document_in_use.cjs"
SERVER = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"


@cache
def document() -> dict[str, Any]:
    """Return the document as a program that loads YAML gets it."""
    return yaml.safe_load((ROOT / INFRASTRUCTURE / "openapi" / "product-api.yaml").read_text(encoding="utf-8"))


def resolved(part: Any) -> Any:
    """Return what a part of the document refers to, or the part itself."""
    while isinstance(part, dict) and set(part) == {"$ref"}:
        target: Any = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where an operation has bodies, ``request`` or a status, and what the document says of them."""
    described = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for where, body in described.items():
        for media_type in resolved(body).get("content", {}).values():
            yield where, media_type


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and definition of each operation."""
    for path, item in document()["paths"].items():
        for method in item.keys() & {"get", "put", "post", "delete"}:
            yield path, method, item[method]


def examples() -> dict[str, list[str]]:
    """Return the examples of bodies, as JSON, by the schemas that they are to fit."""
    found: dict[str, list[str]] = {}
    for _, _, operation in operations():
        for _, media_type in bodies(operation):
            # Errors narrow theirs where they are described, and no money is in them.
            if "$ref" in media_type["schema"]:
                values = [resolved(example)["value"] for example in media_type["examples"].values()]
                found.setdefault(media_type["schema"]["$ref"], []).extend(map(json.dumps, values))
    return found


def prices() -> list[str]:
    """Return 100,000 prices as JSON: the lowest in cents and in mills, and others up to the highest of each kind."""
    highest = 999_999_999_999

    def spread(count: int) -> range:
        return range(highest, 0, -(highest // count))[:count]

    cents, mills = [*range(1, 50_001), *spread(20_000)], [*range(1, 10_001), *spread(10_000)]
    return [
        *(f"{cent // 100}.{cent % 100:02d}" for cent in cents),
        *(f"{mill // 1000}.{mill % 1000:03d}" for mill in mills),
        *map(str, spread(10_000)),
    ]


def refused_by_ajv(values: dict[str, list[str]]) -> list[Any]:
    """Return what ajv refuses of some values, given as JSON, by their schemas."""
    node.prepare()
    modules = str(node.FOLDER / "node_modules")
    done = subprocess.run(
        [node.program("", "")[0], str(SCRIPT), modules],
        input=json.dumps({"document": document(), "values": values}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused_in_python(kind: Any, values: dict[str, list[str]]) -> list[Any]:
    """Return what a validator of one of Python's packages refuses of some values, given as JSON."""
    refused = []
    for reference, texts in values.items():
        validator = kind({**document(), "$ref": reference})
        refused += [text for text in texts if not validator.is_valid(json.loads(text))]
    return refused


VALIDATORS = {
    "ajv": refused_by_ajv,
    "jsonschema": lambda values: refused_in_python(Draft202012Validator, values),
    # openapi-core's own; whole requests and answers are below.
    "openapi-schema-validator": lambda values: refused_in_python(OAS31Validator, values),
}


@pytest.mark.parametrize("validator", VALIDATORS)
def test_examples_of_the_document_are_what_validators_take(validator: str) -> None:
    assert len(examples()) > 3

    assert VALIDATORS[validator](examples()) == []


@pytest.mark.parametrize("validator", VALIDATORS)
def test_every_price_that_can_be_asked_is_what_validators_take(validator: str) -> None:
    assert len(set(prices())) == 100_000

    assert VALIDATORS[validator]({"#/components/schemas/Price": prices()})[:5] == []


@pytest.mark.parametrize("validator", VALIDATORS)
def test_what_is_no_price_is_what_validators_refuse(validator: str) -> None:
    wrong = ["0", "-0.0", "-1", "1e300", '"12.50"', "null", "true", "[]"]

    assert len(VALIDATORS[validator]({"#/components/schemas/Price": wrong})) == len(wrong)


# Whole requests and answers, by openapi-core


@pytest.fixture(scope="module")
def openapi() -> OpenAPI:
    return OpenAPI.from_dict(document())


def request(method: str, path: str, body: object = None) -> MockRequest:
    """Return a request as a program that calls the API makes it."""
    return MockRequest(
        SERVER,
        method,
        f"/dev/v1.0{path}",
        headers={"x-api-key": "key"},
        data=None if body is None else json.dumps(body).encode(),
        content_type="application/json",
    )


@pytest.mark.parametrize("price", ["19.99", "9.95", "0.07", "299.9", "10", "1.05e1", "349.99"])
def test_request_with_a_price_is_what_openapi_core_takes(openapi: OpenAPI, price: str) -> None:
    created = {**document()["components"]["examples"]["NewProduct"]["value"], "price": json.loads(price)}

    openapi.validate_request(request("post", "/products", created))
    openapi.validate_request(
        request("put", "/products/3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b", {"price": json.loads(price)})
    )


def test_page_of_prices_is_what_openapi_core_takes(openapi: OpenAPI) -> None:
    page = document()["components"]["examples"]["ProductSearch"]["value"]
    product = page["products"][0]
    products = [{**product, "price": json.loads(price)} for price in prices()[::1000]]

    described = resolved(document()["paths"]["/products"]["get"]["responses"]["200"])["headers"]
    headers = {
        name: resolved(header).get("example") or resolved(header)["schema"]["const"]
        for name, header in described.items()
    }
    openapi.validate_response(
        request("get", "/products"),
        MockResponse(json.dumps({**page, "products": products, "count": len(products)}).encode(), headers=headers),
    )


# Patterns, by each of the machines that read them


def patterns() -> set[str]:
    """Return every pattern in the document."""

    def within(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            yield from [part["pattern"]] if isinstance(part.get("pattern"), str) else ()
        for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from within(each)

    return set(within(document()))


TEXTS = [
    "",
    *map(
        chr,
        [
            *range(0x180),
            *range(0x2027, 0x2030),
            *range(0x2065, 0x206B),
            0xFFFC,
            0xFFFD,
            0xFFFE,
            0xFFFF,
            0x10000,
            0x1F680,
            0x10FFFD,
        ],
    ),
    *("WordPress Größe", "日本語 🚀", "a\tb", "a\nb", "abc\n", "\nabc"),
    *('"3"', 'W/"3"', '"a,b", W/"é"', '"a b"', '"\x80\xff"', '"\u0100"', "*", " * ", '"3" "4"'),
    *("3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b", "3F2B8C1E-5d4a-4b6f-9c7e-8a1d2e3f4a5b\n", "3f2b8c1e"),
    *("2026-11-22T08:00:00.123456Z", "2026-11-22T08:00:00Z", "٢٠٢٦-11-22T08:00:00.123456Z"),
    *("0" * 64, "g" * 64, "AbC-_9", "a+b", "1", "12345", "01", "wait=5", "wait=10", "wait=11", "J. Gr%C3%B6n", "%C3%"),
]


@pytest.mark.parametrize("flags", ["", "u"])
def test_patterns_mean_the_same_to_ecma_262_and_to_re2(flags: str) -> None:
    """ECMA 262 is what JSON Schema goes by, with and without its Unicode mode; RE2 is what Go and others have."""
    given = sorted(patterns())
    assert len(given) > 5
    script = (
        "const {patterns, texts, flags} = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));"
        "const found = patterns.map((pattern) => texts.map((text) => new RegExp(pattern, flags).test(text)));"
        "process.stdout.write(JSON.stringify(found));"
    )
    done = subprocess.run(
        [node.program("", "")[0], "-e", script],
        input=json.dumps({"patterns": given, "texts": TEXTS, "flags": flags}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    for pattern, found in zip(given, json.loads(done.stdout), strict=True):
        in_re2 = [re2.search(pattern, text) is not None for text in TEXTS]
        differ = [text for text, one, other in zip(TEXTS, found, in_re2, strict=True) if one != other]
        assert not differ, f"{pattern} means something else to RE2 for {differ}"
        assert True in in_re2, f"no text here fits {pattern}"
        assert False in in_re2, f"every text here fits {pattern}"


def test_patterns_mean_the_same_to_python() -> None:
    for pattern in patterns():
        # Python's $ is also before a line break at the end.
        texts = [text for text in TEXTS if not text.endswith("\n")]
        differ = [
            text for text in texts if (re.search(pattern, text) is not None) != (re2.search(pattern, text) is not None)
        ]
        assert not differ, f"{pattern} means something else to Python for {differ}"
