"""Changes for the tests, each distinct unless a test says otherwise."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from common import timestamps

if TYPE_CHECKING:
    from common.change import Change

PRODUCT = "11111111-1111-4111-8111-111111111111"
OTHER_PRODUCT = "22222222-2222-4222-8222-222222222222"

FIELDS = {
    "name": "WordPress Professional Plan",
    "description": "Hosting for a busy WordPress site.",
    "price": "299.99",
    "currency": "ZAR",
    "billingCycle": "monthly",
    "features": ["10 GB of storage"],
    "active": True,
}

_START = datetime.now(UTC)
_counter = itertools.count(1)


def change(change_type: str, fields: dict[str, object], at: int, **parts: object) -> Change:
    """Return a change that was asked for `at` seconds after the tests began."""
    return cast(
        "Change",
        {
            "schemaVersion": 1,
            "changeId": str(uuid.UUID(int=next(_counter), version=4)),
            "changeType": change_type,
            "productId": PRODUCT,
            "requestedAt": requested_at(at),
            "requestedBy": "admin",
            "requestId": "request-1",
            "expectedVersion": None,
            "fields": fields,
            **parts,
        },
    )


def requested_at(seconds: int) -> str:
    """Return a time around the start of the tests."""
    return timestamps.to_text(_START + timedelta(seconds=seconds))


def create(at: int = 0, *, product_id: str = PRODUCT, **fields: object) -> Change:
    """Return the creation of a product."""
    return change("CREATE", {**FIELDS, **fields}, at, productId=product_id)


def update(at: int, *, product_id: str = PRODUCT, expected_version: int | None = None, **fields: object) -> Change:
    """Return an update of some fields."""
    return change("UPDATE", fields, at, productId=product_id, expectedVersion=expected_version)


def delete(at: int, *, product_id: str = PRODUCT, expected_version: int | None = None) -> Change:
    """Return the withdrawal of a product."""
    return change("DELETE", {"active": False}, at, productId=product_id, expectedVersion=expected_version)
