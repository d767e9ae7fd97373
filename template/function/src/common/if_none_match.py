"""``If-None-Match``: the caller has an answer already, and wants another one or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.api import Response
from common.entity_tags import EntityTags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.api import Request


def if_none_match(request: Request) -> EntityTags | None:
    """Return the tags of what the caller has, or ``None`` where it sets no condition.

    Raises
    ------
    ValidationError
        The condition is malformed.
    """
    value = request.headers.get("if-none-match")
    return None if value is None else EntityTags.parse("If-None-Match", value)


def unless_known(known: EntityTags | None, tag: str, body: Mapping[str, object]) -> Response:
    """Return the answer to a read: 304 and nothing else where the caller has it already.

    Parameters
    ----------
    known : EntityTags or None
        What the caller has.
    tag : str
        The tag of what was read.
    body : mapping
        What was read.
    """
    if known is not None and known.match(tag, weakly=True):
        return Response(304, headers={"ETag": tag})
    return Response(200, body, {"ETag": tag})
