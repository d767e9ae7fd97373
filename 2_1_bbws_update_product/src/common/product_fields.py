"""Which values a product's fields may have: the one place that says so, for requests and for queued changes alike."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import pydantic
from pydantic import AfterValidator, ConfigDict, PlainValidator, TypeAdapter
from pydantic import ValidationError as PydanticError

from common import prices
from common.currencies import CURRENCIES
from common.errors import Detail, ValidationError
from common.json_body import printable_name
from common.product import (
    DEFAULT_CURRENCY,
    FIELD_NAMES,
    FIELDS,
    Choice,
    CurrencyCode,
    Fields,
    Flag,
    Money,
    Text,
    Texts,
)
from common.text import normalised, requested

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from common.product import Rule

REQUIRED = tuple(field.name for field in FIELDS if field.default is None)
# Of those that were there from the start, a creation holds each. Those that came later it holds only where they were
# given: older readers understand it then, and what its ids derive from stays the same.
DEFAULTS = {field.name: field.default for field in FIELDS if field.default is not None and field.since == 1}


def _allowed(rule: Rule, currency: str | None = None) -> str:
    """Return what a rule allows, in words; of amounts those of a currency, where it is known."""
    match rule:
        case Text():
            return (
                f"must be a string of {rule.shortest} to {rule.longest} characters, "
                "not counting blanks around it, with something visible, no control character and none of direction"
            )
        case Texts():
            return f"must be an array of at most {rule.most} strings"
        case Money():
            return f"must be {prices.allowed(rule.lowest, rule.highest, currency)}"
        case Choice():
            return f"must be one of {', '.join(rule.words)}"
        case CurrencyCode():
            return f"must be a currency code of ISO 4217 in capitals, such as {DEFAULT_CURRENCY}"
        case Flag():
            return "must be true or false"


_RULES = {field.name: field.rule for field in FIELDS}
ALLOWED = {name: _allowed(rule) for name, rule in _RULES.items()}
_ALLOWED_PART = {field.name: _allowed(field.rule.each) for field in FIELDS if isinstance(field.rule, Texts)}


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError
    return code


def _of_number(rule: Money) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, Decimal):
            raise ValueError
        return prices.price_text(value, rule.lowest, rule.highest)

    return read


def _of_text(rule: Money) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not prices.TEXT.fullmatch(value):
            raise ValueError
        return prices.price_text(Decimal(value), rule.lowest, rule.highest)

    return read


def _type(rule: Rule, text: Callable[[str, int, int], str], money: Callable[[Money], Callable[[object], str]]) -> Any:
    """Return the type whose values a rule allows."""
    match rule:
        case Text():
            return Annotated[str, AfterValidator(lambda value: text(value, rule.shortest, rule.longest))]
        case Texts():
            return Annotated[list[_type(rule.each, text, money)], pydantic.Field(max_length=rule.most)]  # type: ignore[misc]
        case Money():
            return Annotated[str, PlainValidator(money(rule))]
        case Choice():
            return Literal[rule.words]
        case CurrencyCode():
            return Annotated[str, AfterValidator(_currency)]
        case Flag():
            return bool


_STRICT = ConfigDict(strict=True)
_REQUESTED = {field.name: TypeAdapter(_type(field.rule, requested, _of_number), config=_STRICT) for field in FIELDS}
# The same, but for amounts, which are text once they are read, and for text, which may be from before today's rules.
_QUEUED = {
    field.name: TypeAdapter(_type(field.rule, normalised, _of_text), config=_STRICT)
    if isinstance(field.rule, Text | Texts | Money)
    else _REQUESTED[field.name]
    for field in FIELDS
}


def new_product(body: Mapping[str, object]) -> Fields:
    """Return all fields of a product that a request asks for, normalised, what it leaves open filled in.

    Raises
    ------
    ValidationError
        Names every field that is wrong, unknown or missing, and says what is allowed.
    """
    missing = {name: "is required" for name in REQUIRED if name not in body}
    currency = body.get("currency", DEFAULT_CURRENCY)
    return cast("Fields", {**DEFAULTS, **_checked(_REQUESTED, body, missing, _known(currency))})


def product_changes(body: Mapping[str, object]) -> Fields:
    """Return the fields that a request asks to change, normalised; at least one, and no currency without the price.

    Amounts without a currency are for `check_amounts`.

    Raises
    ------
    ValidationError
        Names every field that is wrong or unknown, and says what is allowed.
    """
    if not body:
        raise ValidationError.of("body", f"must hold at least one of {', '.join(FIELD_NAMES)}")
    missing = {} if "price" in body or "currency" not in body else {"price": "is required where currency is given"}
    return _checked(_REQUESTED, body, missing, _known(body.get("currency")))


def check_amounts(fields: Fields, currency: str) -> None:
    """Make sure that amounts are such that a currency has.

    Raises
    ------
    ValidationError
        Names each that isn't, and says what is allowed.
    """
    details = [_detail(name, (), currency) for name, value in fields.items() if not _is_of(name, value, currency)]
    if details:
        raise ValidationError(details)


def queued_fields(fields: Mapping[str, object]) -> Fields:
    """Return the fields of a change message, whose price is text.

    It may be one that its currency doesn't have, and its text such as no request may ask for any more: the first
    release took them, and what was taken is applied.

    Raises
    ------
    ValidationError
        Names every field that is wrong or unknown.
    """
    return _checked(_QUEUED, fields)


def taken_before(body: Mapping[str, object]) -> Fields | None:
    """Return all fields of a product as releases with wider rules took them from a request; ``None`` if none did."""
    try:
        written = {
            name: prices.price_text(value)
            if isinstance(_RULES.get(name), Money) and isinstance(value, Decimal)
            else value
            for name, value in body.items()
        }
        return cast("Fields", {**DEFAULTS, **queued_fields(written)})
    except (ValueError, ValidationError):
        return None


def _checked(
    types: Mapping[str, TypeAdapter[Any]],
    body: Mapping[str, object],
    missing: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> Fields:
    details: list[Detail] = [
        {"field": name, "message": f"{why}: it {_allowed(_RULES[name], currency)}"}
        for name, why in (missing or {}).items()
    ]
    fields: dict[str, object] = {}
    for name in [*(name for name in FIELD_NAMES if name in body), *(name for name in body if name not in types)]:
        if name not in types:
            unknown = f"is not a field that can be set; these can: {', '.join(FIELD_NAMES)}"
            details.append({"field": printable_name(name), "message": unknown})
            continue
        try:
            fields[name] = types[name].validate_python(body[name])
        except PydanticError as error:
            details += [_detail(name, problem["loc"], currency) for problem in error.errors(include_url=False)]
        else:
            if currency is not None and not _is_of(name, fields[name], currency):
                details.append(_detail(name, (), currency))
    if details:
        raise ValidationError(details)
    return cast("Fields", fields)


def _known(currency: object) -> str | None:
    return currency if isinstance(currency, str) and currency in CURRENCIES else None


def _is_of(name: str, value: object, currency: str) -> bool:
    """Tell whether a field's value is no amount, or one that a currency has."""
    return not isinstance(_RULES[name], Money) or prices.is_amount_of(cast("str", value), currency)


def _detail(name: str, location: tuple[str | int, ...], currency: str | None) -> Detail:
    if location:
        return {"field": f"{name}[{location[0]}]", "message": _ALLOWED_PART[name]}
    return {"field": name, "message": _allowed(_RULES[name], currency)}
