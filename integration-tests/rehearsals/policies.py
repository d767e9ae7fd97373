"""Whether IAM policies allow something, as far as this project's policies go.

Source: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" in the IAM user guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Document: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True)
class Request:
    """Somebody's request.

    Attributes
    ----------
    context
        The condition keys that AWS knows of it.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        known = "".join(f", {name.rpartition(':')[2]} {value}" for name, value in self.context.items())
        return f"{self.action} {self.resource}{known}"


def is_allowed(request: Request, granted: Iterable[Document], boundary: Document) -> bool:
    """Tell whether policies grant a request and the permissions boundary lets them."""
    documents = list(granted)
    if any(_matches(request, statement) for statement in _statements([*documents, boundary], "Deny")):
        return False
    return all(
        any(_matches(request, statement) for statement in _statements(part, "Allow"))
        for part in (documents, [boundary])
    )


def _statements(documents: Iterable[Document], effect: str) -> Iterator[Document]:
    for document in documents:
        yield from (statement for statement in document["Statement"] if statement["Effect"] == effect)


def _matches(request: Request, statement: Document) -> bool:
    return (
        _is_of(request.action, statement)
        and _is_about(request.resource, statement)
        and all(
            _holds(operator, request.context.get(key), _listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _is_of(action: str, statement: Document) -> bool:
    if "NotAction" in statement:
        return not any(_like(action, pattern, re.IGNORECASE) for pattern in _listed(statement["NotAction"]))
    return any(_like(action, pattern, re.IGNORECASE) for pattern in _listed(statement["Action"]))


def _is_about(resource: str, statement: Document) -> bool:
    if "NotResource" in statement:
        return not any(_like(resource, pattern) for pattern in _listed(statement["NotResource"]))
    return any(_like(resource, pattern) for pattern in _listed(statement["Resource"]))


def _holds(operator: str, value: str | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return str(value is None).lower() in wanted
    if value is None:
        return operator.endswith("IfExists")
    match operator.removesuffix("IfExists"):
        case "StringEquals":
            return value in wanted
        # AWS tells the two apart no more than this.
        case "ArnEquals" | "ArnLike":
            return any(_like(value, pattern) for pattern in wanted)
        case "Bool":
            return value in wanted
    raise NotImplementedError(operator)


def _like(value: str, pattern: str, flags: int = 0) -> bool:
    # `${*}` is an asterisk and no wildcard.
    parts = re.split(r"(\$\{\*\}|[*?])", pattern)
    meaning = {"*": ".*", "?": ".", "${*}": r"\*"}
    expression = "".join(meaning.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(expression, value, flags | re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
