"""Which values a product's fields may have: the one place that says so, for requests and for queued changes alike."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, StringConstraints, TypeAdapter, with_config
from pydantic import ValidationError as PydanticError

# pydantic asks for this one below Python 3.12.
from typing_extensions import TypedDict

from common import prices
from common.currencies import CURRENCIES
from common.errors import Detail, ValidationError
from common.json_body import printable_name
from common.product import FIELD_NAMES, Fields
from common.text import is_printable, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED = ("name", "description", "price", "billingCycle")
DEFAULTS: Fields = {"currency": "ZAR", "features": [], "active": True}

_TEXT_RULE = "not counting blanks around it, without control characters"
ALLOWED = {
    "name": f"must be a string of 3 to 100 characters, {_TEXT_RULE}",
    "description": f"must be a string of 10 to 500 characters, {_TEXT_RULE}",
    "price": f"must be a number from {prices.LOWEST} to {prices.HIGHEST} with at most two decimals",
    "currency": "must be a currency code of ISO 4217 in capitals, such as ZAR",
    "billingCycle": "must be one of monthly, yearly, one-time",
    "features": "must be an array of at most 20 strings",
    "active": "must be true or false",
}
_ALLOWED_FEATURE = f"must be a string of 5 to 200 characters, {_TEXT_RULE}"


def _printable(text: str) -> str:
    if not is_printable(text):
        raise ValueError
    return normalise(text)


def _price_of_number(value: object) -> str:
    if not isinstance(value, Decimal):
        raise ValueError
    return prices.price_text(value)


def _price_of_text(value: object) -> str:
    if not isinstance(value, str) or not prices.TEXT.fullmatch(value):
        raise ValueError
    return prices.price_text(Decimal(value))


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError
    return code


_STRICT = ConfigDict(extra="forbid", strict=True)

# The length that counts is that of what is stored, so it comes after normalising.
_Name = Annotated[str, AfterValidator(_printable), StringConstraints(min_length=3, max_length=100)]
_Description = Annotated[str, AfterValidator(_printable), StringConstraints(min_length=10, max_length=500)]
_Feature = Annotated[str, AfterValidator(_printable), StringConstraints(min_length=5, max_length=200)]


class _Common(TypedDict, total=False):
    name: _Name
    description: _Description
    currency: Annotated[str, AfterValidator(_currency)]
    billingCycle: Literal["monthly", "yearly", "one-time"]
    features: Annotated[list[_Feature], Field(max_length=20)]
    active: bool


@with_config(_STRICT)
class _Requested(_Common, total=False):
    price: Annotated[str, PlainValidator(_price_of_number)]


@with_config(_STRICT)
class _Queued(_Common, total=False):
    price: Annotated[str, PlainValidator(_price_of_text)]


_REQUESTED = TypeAdapter(_Requested)
_QUEUED = TypeAdapter(_Queued)


def new_product(body: Mapping[str, object]) -> Fields:
    """Return all fields of a product that a request asks for, normalised, what it leaves open filled in.

    Raises
    ------
    ValidationError
        Names every field that is wrong, unknown or missing, and says what is allowed.
    """
    missing = [name for name in REQUIRED if name not in body]
    return {**DEFAULTS, **_checked(_REQUESTED, body, missing)}


def product_changes(body: Mapping[str, object]) -> Fields:
    """Return the fields that a request asks to change, normalised; at least one.

    Raises
    ------
    ValidationError
        Names every field that is wrong or unknown, and says what is allowed.
    """
    if not body:
        raise ValidationError.of("body", f"must hold at least one of {', '.join(FIELD_NAMES)}")
    return _checked(_REQUESTED, body)


def queued_fields(fields: Mapping[str, object]) -> Fields:
    """Return the fields of a change message, whose price is text.

    Raises
    ------
    ValidationError
        Names every field that is wrong or unknown.
    """
    return _checked(_QUEUED, fields)


def _checked(
    adapter: TypeAdapter[_Requested] | TypeAdapter[_Queued],
    body: Mapping[str, object],
    missing: list[str] | None = None,
) -> Fields:
    details: list[Detail] = [{"field": name, "message": f"is required: it {ALLOWED[name]}"} for name in missing or ()]
    try:
        fields = cast("Fields", adapter.validate_python(body))
    except PydanticError as error:
        details += [_detail(problem["loc"]) for problem in error.errors(include_url=False, include_input=False)]
    if details:
        raise ValidationError(details)
    return fields


def _detail(location: tuple[str | int, ...]) -> Detail:
    name, *index = location
    if index:
        return {"field": f"{name}[{index[0]}]", "message": _ALLOWED_FEATURE}
    unknown = f"is not a field that can be set; these can: {', '.join(FIELD_NAMES)}"
    return {"field": printable_name(str(name)), "message": ALLOWED.get(str(name), unknown)}
