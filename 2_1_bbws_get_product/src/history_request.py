"""What of a history a request asks for: its query parameters, checked and understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.outcome import MOST_SECONDS
from common.product import is_product_id
from common.query_parameters import DEFAULT_LIMIT, LIMIT_ALLOWED, QueryParameters, page_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALLOWED = {
    "limit": LIMIT_ALLOWED,
    "cursor": "must be a nextCursor of the same product's history",
    "changeId": "must be a UUID such as 3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b",
    "wait": f"must be a whole number of seconds from 0 to {MOST_SECONDS}",
}

_SECONDS = re.compile(r"\d{1,2}", re.ASCII)


@dataclass(frozen=True)
class HistoryRequest:
    """A page of a history, or one change.

    Attributes
    ----------
    limit : int
        The most records on the page.
    cursor : str or None
        The `nextCursor` of the page before.
    change_id : str or None
        The change that is wanted instead of a page.
    wait : int or None
        For how many seconds to wait until it is decided; ``None`` where the caller doesn't say.
    """

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    change_id: str | None = None
    wait: int | None = None


def read(query: Mapping[str, Sequence[str]]) -> HistoryRequest:
    """Return what query parameters ask for.

    Raises
    ------
    ValidationError
        Names every parameter that is unknown, repeated, wrong or at odds with another, and says what is allowed.
    """
    parameters = QueryParameters(query, ALLOWED)
    limit = parameters.read("limit", page_limit, DEFAULT_LIMIT)
    cursor = parameters.read("cursor", str, None)
    change_id = parameters.read("changeId", _uuid, None)
    if "changeId" in query and ("limit" in query or "cursor" in query):
        parameters.refuse("changeId", "cannot be combined with limit or cursor")
    wait = parameters.read("wait", _seconds, None)
    if "wait" in query and "changeId" not in query:
        parameters.refuse("wait", "must come with the changeId that is waited for")
    parameters.raise_refusals()
    return HistoryRequest(limit, cursor, change_id, wait)


def _seconds(value: str) -> int:
    if not _SECONDS.fullmatch(value) or int(value) > MOST_SECONDS:
        raise ValueError
    return int(value)


def _uuid(value: str) -> str:
    if not is_product_id(value.lower()):
        raise ValueError
    return value.lower()
