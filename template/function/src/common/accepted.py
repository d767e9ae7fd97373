"""The answer to a change that was queued: accepted, not yet applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.api import Request, Response

if TYPE_CHECKING:
    from common.change import Change


def accepted(request: Request, change: Change) -> Response:
    """Return 202 with the ids to ask after, and where the product is or will be."""
    return Response(
        202,
        {"productId": change["productId"], "changeId": change["changeId"], "status": "ACCEPTED"},
        {"Location": location(request, change)},
    )


def location(request: Request, change: Change) -> str:
    """Return where the product is or will be, relative to the address of the request.

    Only the caller knows the stage, domain and prefix under which it reached the API.
    """
    to_root = "../" * (request.route.count("/") - 1 + request.path.endswith("/"))
    return f"{to_root}v1.0/products/{change['productId']}"
