"""``If-Match``: the caller wants a change made to the version that it has seen, and to no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.entity_tags import EntityTags, entity_tag
from common.errors import VersionMismatch

if TYPE_CHECKING:
    from common.api import Request
    from common.product import Product


def if_match(request: Request) -> EntityTags | None:
    """Return the versions that a request names, or ``None`` where it sets no condition.

    Raises
    ------
    ValidationError
        The condition is malformed.
    """
    value = request.headers.get("if-match")
    return None if value is None else EntityTags.parse("If-Match", value)


def expected_version(condition: EntityTags | None, product: Product) -> int | None:
    """Return the version that a product must still have when the change is applied; ``None`` for whichever it has.

    Parameters
    ----------
    condition : EntityTags or None
        What the request says; its asterisk asks for no more than that there is such a product.
    product : Product
        The product as it is now.

    Raises
    ------
    VersionMismatch
        The product has none of the versions already.
    """
    if condition is None or condition.any_version:
        return None
    if not condition.match(entity_tag(product["version"]), weakly=False):
        raise VersionMismatch(product["version"])
    return product["version"]
