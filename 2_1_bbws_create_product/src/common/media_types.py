"""What a request says of the media types that it sends (``Content-Type``) and takes (``Accept``)."""

from __future__ import annotations

import re

JSON = "application/json"

# Each range that JSON falls into, and how exactly it names it: the most exact one counts (RFC 9110, section 12.5.1).
# The asterisk alone is what an old HTTP library of Java sends for any.
_EXACTNESS = {"*": 0, "*/*": 0, "application/*": 1, JSON: 2}
_RANGE = re.compile(r"\*|\*/\*|[^\s/*,;=\"]+/(?:\*|[^\s/*,;=\"]+)")
_NOT_AT_ALL = re.compile(r"0+(?:\.0*)?|\.0+", re.ASCII)


def is_json(content_type: str) -> bool:
    """Tell whether a ``Content-Type`` declares JSON in UTF-8.

    JSON's media type has no parameters, and no charset but UTF-8 (RFC 8259); parameters that say nothing else are
    let be.
    """
    media_type, parameters = _parsed(content_type)
    return media_type == JSON and all(
        value.strip('"').lower() in ("utf-8", "utf8") for name, value in parameters if name == "charset"
    )


def accepts_json(accept: str) -> bool:
    """Tell whether an ``Accept`` allows an answer in JSON (RFC 9110, section 12.5.1).

    What is malformed in it is passed over, and a header without anything else allows everything, as no header does.

    Examples
    --------
    >>> accepts_json("text/html, application/*;q=0.5")
    True
    >>> accepts_json("*/*, application/json;q=0")
    False
    """
    # By how exactly a range names JSON, whether it is wanted.
    wanted: dict[int, bool] = {}
    names_others = False
    for member in accept.split(","):
        media_range, parameters = _parsed(member)
        if not _RANGE.fullmatch(media_range):
            continue
        if media_range not in _EXACTNESS:
            names_others = True
            continue
        exactness = _EXACTNESS[media_range]
        refused = any(name == "q" and _NOT_AT_ALL.fullmatch(value) for name, value in parameters)
        wanted[exactness] = wanted.get(exactness, False) or not refused
    return wanted[max(wanted)] if wanted else not names_others


def _parsed(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a media type or range, in lower case, and its parameters; one without a value isn't any."""
    media_type, *parameters = text.split(";")
    pairs = [parameter.partition("=") for parameter in parameters]
    return media_type.strip().lower(), [
        (name.strip().lower(), value.strip()) for name, equals, value in pairs if equals
    ]
