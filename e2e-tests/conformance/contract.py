"""The OpenAPI document, read as its readers do: its schemas, and the few rules that only its prose can state."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, unquote, unquote_to_bytes

import regex  # type: ignore[import-untyped]
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from product_api import Json

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "2_1_bbws_product_infrastructure" / "openapi" / "product-api.yaml"

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# What the document's prose calls blanks.
_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_NO_WIDTH = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_NONCHARACTERS = {chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)}

# What may turn the direction of text, and the headers where that is refused: each with how many characters it may hold.
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MOST_DECODED = {"X-Acting-User": 100, "X-Change-Note": 500}
_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
_BLANK_SYMBOLS = "\u2800\U0001d159\U00013441\U00013442"

# How the prose has numbers written in a query.
_PLAIN_INTEGER = re.compile(r"[0-9]+")
_PLAIN_DECIMAL = re.compile(r"[0-9]+(\.[0-9]{1,3})?")


class _Decimals(yaml.SafeLoader):
    """Reads a number with a fraction as the decimal that is written."""


_Decimals.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(str(node.value)))


@cache
def document() -> Json:
    """Return the document, its numbers with a fraction as decimals."""
    return cast("Json", yaml.load(FILE.read_text(encoding="utf-8"), _Decimals))  # noqa: S506  a safe loader


def resolved(part: object) -> Json:
    """Return what a part of the document refers to, or the part itself."""
    while isinstance(part, dict) and isinstance(part.get("$ref"), str):
        target: object = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = cast("Json", target)[name]
        part = target
    return cast("Json", part)


def component(kind: str, name: str) -> Json:
    """Return a component, such as the schema ``Product``."""
    return resolved({"$ref": f"#/components/{kind}/{name}"})


def operations() -> Iterator[tuple[str, str, Json]]:
    """Yield method, path and definition of each operation."""
    for path, item in cast("dict[str, Json]", document()["paths"]).items():
        for method in METHODS:
            if method in item:
                yield method, path, cast("Json", item[method])


def operation(operation_id: str) -> Json:
    """Return an operation by its id."""
    return next(found for _, _, found in operations() if found["operationId"] == operation_id)


def header_names(operation_id: str, status: int) -> set[str]:
    """Return the headers that an answer has by the document, in lower case."""
    responses = cast("Json", operation(operation_id)["responses"])
    described = resolved(responses.get(str(status)) or responses[f"{status // 100}XX"])
    return {name.lower() for name in cast("Json", described.get("headers", {}))}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation.

    Attributes
    ----------
    reference : str
        Where its schema is in the document.
    type : str
        What its text stands for, such as ``integer``.
    """

    name: str
    location: str
    reference: str
    type: str


@cache
def parameters(operation_id: str, location: str) -> dict[str, Parameter]:
    """Return an operation's parameters in a location, such as ``query``, by name."""
    found = {}
    for each in cast("list[dict[str, str]]", operation(operation_id).get("parameters", [])):
        definition = resolved(each)
        schema = cast("Json", definition["schema"])
        # What refers to another schema narrows it, and leaves its type as it is.
        found[str(definition["name"])] = Parameter(
            name=str(definition["name"]),
            location=str(definition["in"]),
            reference=f"{each['$ref']}/schema",
            type=str(schema.get("type") or _type(schema)),
        )
    return {name: parameter for name, parameter in found.items() if parameter.location == location}


def _type(schema: Json) -> object:
    target = resolved({"$ref": schema["$ref"]})
    return target.get("type") or _type(target)


def normalised(text: str) -> str:
    """Return a text as the prose has it before its characters are counted."""
    return unicodedata.normalize("NFC", text).strip(_WHITE_SPACE + _NO_WIDTH)


def _pattern(validator: object, pattern: str, instance: object, schema: object) -> Iterator[ValidationError]:
    # ECMA-262's $ is the very end; Python's is also before a line break there.
    exact = re.sub(r"(?<!\\)\$$", r"\\Z", pattern)
    if isinstance(instance, str) and not re.search(exact, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
    if isinstance(instance, str) and not _NONCHARACTERS.isdisjoint(instance):
        yield ValidationError(f"{instance!r} holds a noncharacter")
    asked_for = component("schemas", "TextAskedFor")["pattern"]
    if isinstance(instance, str) and pattern == asked_for and not _is_visible(instance):
        yield ValidationError(f"{instance!r} has nothing visible")


def _is_visible(text: str) -> bool:
    """Tell whether a text has a letter, digit, punctuation mark or symbol, or what Unicode doesn't know yet."""
    rest = set(_IGNORABLE.sub("", text)) - set(_BLANK_SYMBOLS)
    return any(category == "Cn" or category[0] in "LNPS" for category in map(unicodedata.category, rest))


def _min_length(validator: object, least: int, instance: object, schema: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and len(normalised(instance)) < least:
        yield ValidationError(f"{instance!r} is too short")


def _max_length(validator: object, most: int, instance: object, schema: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and len(normalised(instance)) > most:
        yield ValidationError(f"{instance!r} is too long")


_Exact = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern, "minLength": _min_length, "maxLength": _max_length},
)


def closed_document() -> Json:
    """Return the document as other tools take it, with answers that hold nothing but what it names.

    The document itself leaves them open: clients are to ignore fields that they don't know.
    """
    closed = cast("Json", yaml.safe_load(FILE.read_text(encoding="utf-8")))
    for schema in cast("dict[str, dict[str, Json]]", closed["components"])["schemas"].values():
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
    return closed


@cache
def _validator(reference: str) -> Draft202012Validator:
    return cast("Draft202012Validator", _Exact({**document(), "$ref": reference}))


def errors(reference: str, value: object) -> list[ValidationError]:
    """Return what the document says against a value, by a schema such as ``#/components/schemas/Name`` and by prose."""
    return list(_validator(reference).iter_errors(value))


@cache
def decimals_in_prose() -> dict[str, int]:
    """Return the decimals of each currency, from the table in the document's prose."""
    prose = str(cast("Json", document()["info"])["description"])
    rows = re.findall(r"(?m)^\| (.*?) \| (none|two|three) \| \S+ to \S+ \|$", prose)
    listed = {code: {"none": 0, "two": 2, "three": 3}[words] for codes, words in rows for code in codes.split(", ")}
    other = listed.pop("any other")
    return dict.fromkeys(cast("list[str]", component("schemas", "Currency")["enum"]), other) | listed


@cache
def amounts() -> frozenset[str]:
    """Return the fields that are amounts of money, which are in the currency of their product."""
    fields = cast("Json", component("schemas", "ProductFields")["properties"])
    return frozenset(name for name, schema in fields.items() if resolved(schema) == component("schemas", "Amount"))


def no_amounts(fields: Mapping[str, object], currency: object) -> set[str]:
    """Return which fields the prose refuses as amounts in a currency."""
    return {name for name in amounts() if is_no_amount(fields.get(name), currency)}


def is_no_amount(number: object, currency: object) -> bool:
    """Tell whether the prose refuses a number as an amount; without a currency it may have the decimals of any."""
    if not isinstance(number, Decimal) or not number.is_finite():
        return False
    known = decimals_in_prose()
    most = known.get(currency) if isinstance(currency, str) else None
    _, digits, exponent = number.as_tuple()
    # Zeros at the end count for nothing.
    beyond = -cast("int", exponent) - (max(known.values()) if most is None else most)
    return (beyond > 0 and any(digits[-beyond:])) or (most is not None and number > Decimal(10**12 - 1).scaleb(-most))


def depends_on_currency(body: bytes) -> bool:
    """Tell whether a change holds amounts without a currency that some currencies have and others don't."""
    try:
        value = json_object(body)
    except NoObject:
        return False
    return "currency" not in value and any(no_amounts(value, known) for known in decimals_in_prose())


class NoObject(Exception):
    """The prose refuses a body before its fields count."""


def _once(pairs: Iterable[tuple[str, object]]) -> Json:
    found: Json = {}
    for name, value in pairs:
        if name in found:
            raise NoObject(f"{name} is given twice")
        found[name] = value
    return found


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # Its exponent has more digits than a decimal's can have: whatever it is, it is no amount.
        return Decimal("Infinity")


def _no_constant(text: str) -> object:
    raise NoObject(f"{text} is no JSON")


def json_object(body: bytes) -> Json:
    """Return the object that a body holds.

    Raises
    ------
    NoObject
        The prose refuses it: it isn't JSON in UTF-8, or says something twice.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, parse_float=_decimal, parse_int=_decimal, parse_constant=_no_constant, object_pairs_hook=_once
        )
        json.dumps(value, default=str, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise NoObject(str(error)) from None
    if not isinstance(value, dict):
        raise NoObject("it is another kind of value")
    if "\ufffd" in text:
        raise NoObject("it holds U+FFFD")
    return value


def faults_of_body(schema: str, body: bytes) -> set[str]:
    """Return the fields of a body that the document refuses, ``body`` for the body as a whole; none if it is valid.

    Parameters
    ----------
    schema
        Such as ``NewProduct``.
    """
    try:
        value = json_object(body)
    except NoObject:
        return {"body"}
    # Amounts without a currency are in that of a product, which the document doesn't know.
    currency = value.get("currency", "ZAR" if schema == "NewProduct" else None)
    found = no_amounts(value, currency)
    for error in errors(f"#/components/schemas/{schema}", value):
        if error.absolute_path:
            found.add(str(error.absolute_path[0]))
        elif error.validator == "required":
            found |= set(cast("Sequence[str]", error.validator_value)) - value.keys()
        elif error.validator == "dependentRequired":
            needed = cast("dict[str, list[str]]", error.validator_value)
            found |= {each for name, others in needed.items() if name in value for each in others} - value.keys()
        elif error.validator == "additionalProperties":
            found |= value.keys() - cast("Json", component("schemas", "ProductFields")["properties"]).keys()
        else:
            found.add("body")
    return found


def refuses_text(parameter: Parameter, text: str) -> bool:
    """Tell whether the document refuses what a parameter or header is given."""
    return bool(errors(parameter.reference, _value_of(parameter.type, text))) or (
        parameter.name in MOST_DECODED and not _is_decoded_text(text, MOST_DECODED[parameter.name])
    )


def _is_decoded_text(text: str, most: int) -> bool:
    """Tell whether a header in percent-encoded UTF-8 holds what the prose of its parameter says."""
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeError:
        return False
    refused = any(
        unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in _DIRECTIONS or character == "\ufffd"
        for character in decoded
    )
    return not refused and _NONCHARACTERS.isdisjoint(decoded) and 1 <= len(normalised(decoded)) <= most


def faults_of_query(operation_id: str, query: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the query parameters that the document refuses; none if all is well.

    Parameters
    ----------
    query
        Every value given for each parameter.
    """
    known = parameters(operation_id, "query")
    found = {
        name
        for name, values in query.items()
        if name not in known or len(values) > 1 or refuses_text(known[name], values[0])
    }
    by_price = {"minPrice", "maxPrice"} & query.keys()
    if "name" in query and by_price:
        found.add("name")
    if ("name" in query and query.get("sortBy", ["name"]) != ["name"]) or (
        by_price and query.get("sortBy", ["price"]) != ["price"]
    ):
        found.add("sortBy")
    if len(by_price) == 2 and not by_price & found and Decimal(query["minPrice"][0]) > Decimal(query["maxPrice"][0]):
        found.add("minPrice")
    if "changeId" in query and {"limit", "cursor"} & query.keys():
        found.add("changeId")
    if "wait" in query and "changeId" not in query:
        found.add("wait")
    return found


def _value_of(kind: str, text: str) -> object:
    """Return what a parameter's text stands for; the text itself where it isn't written as its type is to be."""
    if kind == "integer" and _PLAIN_INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _PLAIN_DECIMAL.fullmatch(text):
        return Decimal(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


@dataclass(frozen=True)
class Sent:
    """A request as it went out.

    Attributes
    ----------
    path : str
        Still encoded, from the version's address on, such as ``/products``.
    query : str
        Still encoded.
    headers : mapping
        By lower-case name.
    """

    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def faults_of_request(operation_id: str, sent: Sent) -> set[str]:
    """Return all that the document refuses of a request: parameters, headers, fields, ``body``, ``path``."""
    found = faults_of_query(operation_id, parse_qs(sent.query, keep_blank_values=True))
    ((path, definition),) = ((path, each) for _, path, each in operations() if each["operationId"] == operation_id)
    names, segments = path.split("/"), sent.path.removesuffix("/").split("/")
    if len(names) != len(segments):
        return found | {"path"}
    for name, segment in zip(names, segments, strict=True):
        known = parameters(operation_id, "path").get(name.strip("{}"))
        if known and refuses_text(known, unquote(segment)):
            found.add(known.name)
    for name, parameter in parameters(operation_id, "header").items():
        if name.lower() in sent.headers and refuses_text(parameter, sent.headers[name.lower()].strip(" \t")):
            found.add(name)
    if "requestBody" in definition:
        content = resolved(definition["requestBody"])["content"]
        ((media_type, described),) = cast("dict[str, Json]", content).items()
        if sent.headers.get("content-type", media_type).partition(";")[0].strip().lower() != media_type:
            found.add("Content-Type")
        found |= faults_of_body(cast("dict[str, str]", described["schema"])["$ref"].rpartition("/")[2], sent.body)
    return found
