"""The document itself: complete, its examples true, and those in the READMEs its own."""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest
from conformance import functions
from conformance.contract import ROOT, component, document, errors, operation, operations, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from product_api import Json

OPERATIONS = {str(each["operationId"]): each for _, _, each in operations()}
COMPONENTS = cast("dict[str, dict[str, Json]]", document()["components"])


def media_types(operation_id: str) -> Iterator[tuple[str, Json]]:
    """Yield where an operation's request and answers have bodies, and how they are described there."""
    described = operation(operation_id)
    bodies = {"request": described.get("requestBody", {}), **cast("Json", described["responses"])}
    for name, body in bodies.items():
        for media_type in cast("dict[str, Json]", resolved(body).get("content", {})).values():
            yield name, media_type


def examples_of(operation_id: str) -> list[object]:
    """Return the values of all examples of an operation's bodies."""
    return [
        resolved(example)["value"]
        for _, media_type in media_types(operation_id)
        for example in cast("Json", media_type["examples"]).values()
    ]


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_operation_is_described(operation_id: str) -> None:
    described = OPERATIONS[operation_id]
    for part in ("summary", "description", "tags", "responses"):
        assert described.get(part), part
    for where, media_type in media_types(operation_id):
        assert media_type.get("examples"), where


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_examples_are_as_the_schemas_say(operation_id: str) -> None:
    responses = cast("Json", OPERATIONS[operation_id]["responses"])
    for where, media_type in media_types(operation_id):
        schema = cast("Json", media_type["schema"])
        allowed = cast("Json", cast("Json", schema.get("properties", {})).get("error", {})).get("enum")
        for example in cast("Json", media_type["examples"]).values():
            value = cast("Json", resolved(example)["value"])
            assert errors(str(schema["$ref"]), value) == []
            if where in responses and where >= "400":
                assert value["error"] in cast("list[str]", allowed)


def test_every_example_is_used() -> None:
    text = json.dumps([document()["paths"], COMPONENTS["responses"]], default=str)
    assert [name for name in COMPONENTS["examples"] if f'"#/components/examples/{name}"' not in text] == []


def test_error_codes_and_statuses_are_those_of_the_functions_and_the_gateway() -> None:
    documented = {
        (int(status), code)
        for operation_id in OPERATIONS
        for status, response in cast("Json", OPERATIONS[operation_id]["responses"]).items()
        if status[0] in "45" and status[1:] != "XX"
        for media_type in cast("dict[str, Json]", resolved(response)["content"]).values()
        for code in cast(
            "list[str]", cast("dict[str, dict[str, Json]]", media_type["schema"])["properties"]["error"]["enum"]
        )
    }
    answered = {(error.status, error.code) for error in functions.error_classes()}
    # The gateway answers these two alone; a method that the document doesn't have has no operation to name its 405.
    assert documented == answered | {(429, "TooManyRequests")}
    assert set(cast("list[str]", component("schemas", "ErrorCode")["enum"])) == {
        *(code for _, code in documented),
        "MethodNotAllowed",
    }


@pytest.mark.parametrize("name", ["RejectedChange", "OldestChanges"])
def test_hashes_in_the_examples_are_right(name: str) -> None:
    for record in cast("list[Json]", cast("Json", component("examples", name)["value"])["changes"]):
        stored = {name: as_stored(value) for name, value in record.items() if name != "changed"}
        assert functions.record_hash(stored) == record["hash"]


def as_stored(value: object) -> object:
    """Return a record as it is stored: its amounts, the only numbers with a fraction, are text."""
    if isinstance(value, dict):
        return {name: as_stored(part) for name, part in value.items()}
    return f"{value:.2f}" if isinstance(value, Decimal) else value


READMES = {
    "2_1_bbws_list_products": ["listProducts"],
    "2_1_bbws_get_product": ["getProduct", "listChanges"],
    "2_1_bbws_create_product": ["createProduct"],
    "2_1_bbws_update_product": ["updateProduct"],
    "2_1_bbws_delete_product": ["withdrawProduct"],
}


def shown(readme: Path) -> list[object]:
    """Return the JSON in a README: what is sent with ``-d``, and what is answered. An ellipsis stands for any more."""
    text = readme.read_text(encoding="utf-8")
    found = [*re.findall(r"-d '(\{.*?\})'", text, re.DOTALL), *re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    return [json.loads(re.sub(r"([{\[]|, )…", r'\1"…": "…"', block).replace('{"…": "…"}', '"…"')) for block in found]


def agrees(shown: object, example: object) -> bool:
    """Tell whether what a README shows is an example of the document, as far as it is shown.

    >>> agrees({"productId": "3f2b8c1e-…", "…": "…"}, {"productId": "3f2b8c1e-5d4a", "price": 1})
    True
    """
    if isinstance(shown, str) and shown.endswith("…"):
        return shown == "…" or (isinstance(example, str) and example.startswith(shown[:-1]))
    if isinstance(shown, dict) and isinstance(example, dict):
        names = shown.keys() - {"…"}
        return (names <= example.keys() if "…" in shown else names == example.keys()) and all(
            agrees(shown[name], example[name]) for name in names
        )
    if isinstance(shown, list) and isinstance(example, list):
        return len(shown) == len(example) and all(map(agrees, shown, example))
    return shown == example


@pytest.mark.parametrize("repository", READMES)
def test_examples_in_the_readme_are_those_of_the_document(repository: str) -> None:
    examples = itertools.chain.from_iterable(map(examples_of, READMES[repository]))
    documented = [json.loads(json.dumps(example, default=float)) for example in examples]
    for block in shown(ROOT / repository / "README.md"):
        assert any(agrees(block, example) for example in documented), block


def test_a_readme_that_shows_something_else_is_noticed() -> None:
    example = {"productId": "3f2b8c1e-5d4a", "price": 1, "features": ["a", "b"]}
    assert agrees({"productId": "3f2b…", "…": "…"}, example)
    assert not agrees({"productId": "3f2b…"}, example)
    assert not agrees({"productId": "4f2b…", "…": "…"}, example)
    assert not agrees({"price": 2, "…": "…"}, example)
    assert not agrees({"colour": "…", "…": "…"}, example)
    assert not agrees({"features": ["a"], "…": "…"}, example)
