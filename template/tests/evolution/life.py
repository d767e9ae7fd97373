"""A change's whole way, without AWS: request, message, decision, stored form, record, audit object, answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import audit_record
import change_message
import decision
from common.attribute_values import from_item, to_item
from common.audit_key import AuditKey
from common.canonical import canonical_json
from common.change import new_change
from common.head import Head, product_of
from common.product import LISTED_ATTRIBUTES, public
from common.product_table import head_key

if TYPE_CHECKING:
    from common.change import Change, ChangeType
    from common.change_record import Attribution, ChangeRecord
    from common.product import Fields

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"


def sent(
    change_type: ChangeType, fields: Fields, head: Head | None = None, attribution: Attribution | None = None
) -> str:
    """Return the message that asks for a change, of the product as its head has it."""
    last_updated = head.product["dateLastUpdated"] if head and head.product else None
    change = new_change(
        *(change_type, PRODUCT_ID, fields),
        requested_by="admin",
        request_id="request-1",
        last_updated=last_updated,
        attribution=attribution,
    )
    return json.dumps(change, ensure_ascii=False)


def read(message: str) -> Change:
    """Return the change that the creator reads from a message, whenever that was sent."""
    return change_message.read(message, datetime.fromisoformat(json.loads(message)["requestedAt"]).astimezone(UTC))


def applied(head: Head | None, change: Change) -> tuple[Head, ChangeRecord]:
    """Return the head and the record that follow from a change to a product whose name is free."""
    outcome = decision.decide(head, change, None)
    record = decision.record(head, change, outcome, "2026-11-27T08:00:00.000000Z")
    return decision.next_head(head, outcome, record), record


def through_the_table(head: Head) -> Head:
    """Return what is read of a head that was stored."""
    return Head.from_attributes(from_item(to_item({**head_key(PRODUCT_ID), **head.attributes(PRODUCT_ID)})))


def through_an_index(head: Head) -> dict[str, Any]:
    """Return what a listing shows of a product, from what the indexes hold of it."""
    item = {name: value for name, value in head.attributes(PRODUCT_ID).items() if name in LISTED_ATTRIBUTES}
    return public(product_of(item | head_key(PRODUCT_ID)), LISTED_ATTRIBUTES)


def through_the_audit(record: ChangeRecord) -> tuple[str, bytes]:
    """Return key and content of the object that the audit logger writes for a record that was sent to it."""
    received = audit_record.read(json.dumps(record))
    return AuditKey.of(received).text, canonical_json(received)
