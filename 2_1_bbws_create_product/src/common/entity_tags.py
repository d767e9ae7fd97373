"""Entity tags (RFC 9110, section 8.8.3): a product's is its version, a list's follows from what it shows.

A condition names the tags that it means.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DIGEST_BYTES = 16

# One member of a list, which may be empty, and what ends it. A tag may hold commas, so splitting at them won't do.
_MEMBER = re.compile(r'[ \t]*(?:(?P<weak>W/)?"(?P<opaque>[!#-~\x80-\U0010ffff]*)"[ \t]*)?(?P<end>,|\Z)')


def entity_tag(version: int) -> str:
    """Return the tag of a product's version, such as ``"3"`` with its quotes: a strong one."""
    return f'"{version}"'


def content_tag(body: Mapping[str, object]) -> str:
    """Return the tag of an answer that has no version, such as ``W/"5J8c…"``: a digest of all that it says.

    It is weak, so it stays true where the gateway compresses the answer. Nothing is ever changed on condition of it.

    Parameters
    ----------
    body : mapping
        What becomes the answer's JSON.
    """
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()[:_DIGEST_BYTES]
    return f'W/"{base64.urlsafe_b64encode(digest).decode().rstrip("=")}"'


@dataclass(frozen=True)
class EntityTags:
    """What ``If-Match`` or ``If-None-Match`` asks for.

    Attributes
    ----------
    any_version : bool
        Whether it is the asterisk, which whatever is there matches.
    strong, weak : sequence of str
        The tags that are listed, without quotes and ``W/``.
    """

    any_version: bool
    strong: Sequence[str] = ()
    weak: Sequence[str] = ()

    @classmethod
    def parse(cls, field: str, value: str) -> EntityTags:
        """Read a condition.

        Parameters
        ----------
        field : str
            The header's name, for the error.
        value : str
            ``*``, or a list of tags; its members may be empty, but not all of them.

        Raises
        ------
        ValidationError
            The value is neither.

        Examples
        --------
        >>> EntityTags.parse("If-Match", '"3", W/"4"')
        EntityTags(any_version=False, strong=('3',), weak=('4',))
        """
        if value.strip(" \t") == "*":
            return cls(any_version=True)
        tags: dict[bool, list[str]] = {False: [], True: []}
        position, end = 0, ","
        while end:
            member = _MEMBER.match(value, position)
            if member is None:
                raise _malformed(field)
            if member["opaque"] is not None:
                tags[member["weak"] is not None].append(member["opaque"])
            position, end = member.end(), member["end"]
        if not any(tags.values()):
            # RFC 9110 allows an empty list, but no caller can mean one: it would never match.
            raise _malformed(field)
        return cls(any_version=False, strong=tuple(tags[False]), weak=tuple(tags[True]))

    def match(self, tag: str, *, weakly: bool) -> bool:
        """Tell whether a tag is among those that are meant.

        Parameters
        ----------
        tag : str
            As `entity_tag` or `content_tag` makes it.
        weakly : bool
            Whether weak tags count too, as they do in ``If-None-Match``; in ``If-Match`` they never match.
        """
        if self.any_version:
            return True
        opaque = tag.removeprefix("W/")[1:-1]
        if weakly:
            return opaque in self.strong or opaque in self.weak
        return not tag.startswith("W/") and opaque in self.strong


def _malformed(field: str) -> ValidationError:
    return ValidationError.of(field, 'must be * or a list of entity tags in double quotes, such as "3"')
