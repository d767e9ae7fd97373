"""Query parameters: each given at most once and checked, and everything that is wrong said at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from common.errors import Detail, ValidationError
from common.json_body import printable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = TypeVar("Value")

DEFAULT_LIMIT = 20
HIGHEST_LIMIT = 100
LIMIT_ALLOWED = f"must be a whole number from 1 to {HIGHEST_LIMIT}"

_LIMIT = re.compile(r"\d{1,3}", re.ASCII)


class QueryParameters:
    """The query parameters of a request, and what is wrong with them.

    Parameters
    ----------
    query : mapping
        Every value given for each parameter.
    allowed : mapping
        Each parameter that there is, and what is allowed for it, such as ``must be asc or desc``.

    Examples
    --------
    >>> parameters = QueryParameters({"limit": ["7"]}, {"limit": LIMIT_ALLOWED})
    >>> parameters.read("limit", page_limit, DEFAULT_LIMIT)
    7
    >>> parameters.raise_refusals()
    """

    def __init__(self, query: Mapping[str, Sequence[str]], allowed: Mapping[str, str]) -> None:
        self._query = query
        self._allowed = allowed
        self._details: list[Detail] = []
        known = f"these are: {', '.join(allowed)}" if allowed else "there are none"
        for name, values in query.items():
            if name not in allowed:
                self.refuse(printable_name(name), f"is not a parameter; {known}")
            elif len(values) > 1:
                self.refuse(name, "must be given once")

    def read(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        """Return a parameter's value, or a default where it isn't given or is refused.

        Parameters
        ----------
        parse : callable
            Makes the value from the text; a `ValueError` refuses it.
        """
        if name not in self._query:
            return default
        try:
            return parse(self._query[name][0])
        except ValueError:
            self.refuse(name, self._allowed[name])
            return default

    def refuse(self, name: str, message: str) -> None:
        """Note what is wrong with a parameter."""
        self._details.append({"field": name, "message": message})

    def raise_refusals(self) -> None:
        """Say everything that is wrong, if anything is.

        Raises
        ------
        ValidationError
            Names every parameter that was refused.
        """
        if self._details:
            raise ValidationError(self._details)


def refuse_all(query: Mapping[str, Sequence[str]]) -> None:
    """Refuse whatever parameters a request has, for an operation that takes none.

    Raises
    ------
    ValidationError
        Names them.
    """
    QueryParameters(query, {}).raise_refusals()


def one_of(*choices: str) -> Callable[[str], str]:
    """Return what parses a parameter that has to be one of a few words."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError
        return value

    return parse


def page_limit(value: str) -> int:
    """Return the most that a page is to hold.

    Raises
    ------
    ValueError
        It is no whole number from 1 to 100.
    """
    if not _LIMIT.fullmatch(value) or not 1 <= int(value) <= HIGHEST_LIMIT:
        raise ValueError
    return int(value)
