"""Reading the JSON that a caller sent, strictly: what two parsers could read differently is refused."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation

from common.errors import ValidationError

_BYTE_ORDER_MARK = "\ufeff"
_REPLACEMENT = "\ufffd"
# Ample for every name that there is.
_LONGEST_QUOTED = 40


def parse_object(body: bytes) -> dict[str, object]:
    """Return the object that a JSON text holds.

    Numbers become `Decimal`, never a binary float. NaN and Infinity, which JSON doesn't have but some writers send,
    do too, and a number beyond what a decimal can be becomes NaN, so that the field's own check refuses them by its
    name.

    Raises
    ------
    ValidationError
        The text isn't UTF-8 or JSON, isn't an object, names a field twice, holds half of a surrogate pair or U+FFFD,
        begins with a byte-order mark, or is nested too deeply.
    """
    try:
        text = body.decode()
        if text.startswith(_BYTE_ORDER_MARK):
            raise _not_an_object("it begins with a byte-order mark")
        if _REPLACEMENT in text:
            # API Gateway puts it where it was sent bytes that are no UTF-8.
            raise _not_an_object("it is not valid UTF-8, or holds U+FFFD, the character that stands for what isn't")
        value = json.loads(
            text,
            parse_int=_decimal,
            parse_float=_decimal,
            parse_constant=_decimal,
            object_pairs_hook=_object_once,
        )
        # Text that can't be UTF-8 can't be stored, queued or quoted in an answer either.
        json.dumps(value, default=str, ensure_ascii=False).encode()
    except ValidationError:
        raise
    except RecursionError:
        raise _not_an_object("it is nested too deeply") from None
    except UnicodeError:
        raise _not_an_object("it is not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise _not_an_object(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    if not isinstance(value, dict):
        raise _not_an_object("it is another kind of JSON value")
    return value


def _decimal(number: str) -> Decimal:
    try:
        return Decimal(number)
    except InvalidOperation:
        # The exponent has more than 18 digits.
        return Decimal("NaN")


def _not_an_object(reason: str) -> ValidationError:
    return ValidationError.of("body", f"must be a JSON object: {reason}")


def _object_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            raise ValidationError.of(printable_name(name), "must be given once")
        fields[name] = value
    return fields


def printable_name(name: str) -> str:
    """Return a field's name as an answer may quote it: short, and without half surrogate pairs."""
    quoted = name if len(name) <= _LONGEST_QUOTED else f"{name[:_LONGEST_QUOTED]}…"
    return quoted.encode(errors="replace").decode()
