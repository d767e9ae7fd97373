"""Conditions (RFC 9110, section 13): a request that is meant for what the caller has seen, or hasn't, alone.

Nothing here has a modification date (``Last-Modified``). So ``If-Modified-Since`` is passed over, as the RFC says. But
a change that was to be kept from what somebody else changed must not be made, so ``If-Unmodified-Since`` is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.api import Response
from common.entity_tags import EntityTags, entity_tag
from common.errors import ValidationError, VersionMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.api import Request
    from common.product import Product


@dataclass(frozen=True)
class Conditions:
    """The conditions of a request.

    They are looked at last, when nothing else speaks against the request: what isn't there is not found, whatever the
    condition (RFC 9110, section 13.2.1).

    Attributes
    ----------
    if_match : EntityTags or None
        What must be there.
    if_none_match : EntityTags or None
        What must not be there, because the caller has it already.
    """

    if_match: EntityTags | None
    if_none_match: EntityTags | None

    @classmethod
    def of(cls, request: Request) -> Conditions:
        """Return the conditions that a request sets.

        Raises
        ------
        ValidationError
            One is malformed, or is ``If-Unmodified-Since`` without ``If-Match``, which would outdo it.
        """
        conditions = cls(_tags(request, "If-Match"), _tags(request, "If-None-Match"))
        if "if-unmodified-since" in request.headers and conditions.if_match is None:
            raise ValidationError.of("If-Unmodified-Since", "can't be kept: send the ETag in If-Match instead")
        return conditions

    def read(self, tag: str, body: Mapping[str, object]) -> Response:
        """Return the answer to a read: 304 and nothing else where the caller has it already.

        Parameters
        ----------
        tag : str
            The tag of what was read.
        body : mapping
            What was read.

        Raises
        ------
        VersionMismatch
            It isn't what the caller wants to read.
        """
        if self.if_match is not None and not self.if_match.match(tag, weakly=False):
            raise VersionMismatch("If-Match", _must_match(tag))
        if self.if_none_match is not None and self.if_none_match.match(tag, weakly=True):
            return Response(304, headers={"ETag": tag})
        return Response(200, body, {"ETag": tag})

    def expected_version(self, product: Product) -> int | None:
        """Return the version that a product must still have when a change is applied; ``None`` for whichever it has.

        Parameters
        ----------
        product : Product
            The product as it is now. Of ``If-Match``, the asterisk asks for no more than that there is one.

        Raises
        ------
        VersionMismatch
            The product isn't what is to be changed already.
        """
        tag = entity_tag(product["version"])
        if self.if_match is not None and not self.if_match.match(tag, weakly=False):
            raise VersionMismatch("If-Match", _must_match(tag))
        if self.if_none_match is None:
            return None if self.if_match is None or self.if_match.any_version else product["version"]
        if self.if_none_match.match(tag, weakly=True):
            raise VersionMismatch("If-None-Match", f"must not name the current version, {tag}")
        return product["version"]

    def check_list(self) -> None:
        """Check the conditions of a request to the list of products as a whole, which has no one tag.

        Raises
        ------
        VersionMismatch
            One doesn't hold: the list is always there, so ``If-Match: *`` alone does.
        """
        if self.if_match is not None and not self.if_match.any_version:
            raise VersionMismatch("If-Match", "must be *, or be left out: the list of products has no version")
        if self.if_none_match is not None:
            raise VersionMismatch("If-None-Match", "must be left out: the list of products is always there")


def stale(request: Request, version: int) -> VersionMismatch:
    """Return the refusal of a change whose condition held when it was asked for, and no longer when it was decided.

    Parameters
    ----------
    version : int
        The version that the product had by then.
    """
    field = "If-Match" if "if-match" in request.headers else "If-None-Match"
    return VersionMismatch(
        field, f"was overtaken: the current version is {entity_tag(version)}; read the product again"
    )


def _tags(request: Request, field: str) -> EntityTags | None:
    value = request.headers.get(field.lower())
    return None if value is None else EntityTags.parse(field, value)


def _must_match(tag: str) -> str:
    if tag.startswith("W/"):
        return "must be *, or be left out: the tag of a page is weak, and never matches"
    return f"must name the current version, {tag}; read the product again before you change it"
