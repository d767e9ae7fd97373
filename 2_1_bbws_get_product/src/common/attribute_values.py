"""DynamoDB's typed attribute values, for what the table holds: text, whole numbers, booleans, null, lists and maps.

boto3 has the same for more types, but loading it costs a tenth of a second at every cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def to_item(values: Mapping[str, object]) -> dict[str, AttributeValueTypeDef]:
    """Return an item as DynamoDB takes it.

    Raises
    ------
    TypeError
        A value is of another type, a float for instance.
    """
    return {name: _to_attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, AttributeValueTypeDef]) -> dict[str, object]:
    """Return the values of an item that DynamoDB gave."""
    return {name: _from_attribute(value) for name, value in item.items()}


def _to_attribute(value: object) -> AttributeValueTypeDef:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case list() | tuple():
            return {"L": [_to_attribute(part) for part in value]}
        case dict():
            return {"M": to_item(value)}
    raise TypeError(f"the table holds no {type(value).__name__}")


def _from_attribute(attribute: AttributeValueTypeDef) -> object:
    ((kind, value),) = cast("dict[str, object]", attribute).items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(cast("str", value))
        case "L":
            return [_from_attribute(part) for part in cast("list[AttributeValueTypeDef]", value)]
        case "M":
            return from_item(cast("dict[str, AttributeValueTypeDef]", value))
    return value
