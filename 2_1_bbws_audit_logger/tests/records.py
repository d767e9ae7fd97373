"""Change records for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from common.audit_key import AuditKey
from common.change_record import record_hash

if TYPE_CHECKING:
    from common.change_record import ChangeRecord

PRODUCT = "11111111-1111-4111-8111-111111111111"


def record(sequence: int = 1, **parts: object) -> ChangeRecord:
    """Return a record that bears the right hash."""
    product = {
        "productId": PRODUCT,
        "name": "Wörd 'Press' \U0001f680",
        "description": "Hosting for a busy WordPress site.",
        "price": "299.90",
        "currency": "ZAR",
        "billingCycle": "monthly",
        "features": [],
        "active": True,
        "version": 1,
        "dateCreated": "2026-11-22T08:00:00.000001Z",
        "dateLastUpdated": "2026-11-22T08:00:00.000001Z",
        "lastUpdatedBy": "admin",
    }
    unsealed = {
        "recordVersion": 1,
        "sequence": sequence,
        "changeId": "33333333-3333-4333-8333-333333333333",
        "changeType": "CREATE",
        "productId": PRODUCT,
        "status": "APPLIED",
        "reason": None,
        "requestedAt": "2026-11-22T08:00:00.000001Z",
        "requestedBy": "admin",
        "requestId": "request-1",
        "expectedVersion": None,
        "fields": {"name": product["name"], "price": "299.90"},
        "appliedAt": "2026-11-22T23:59:59.999999Z",
        "version": 1,
        "before": None,
        "after": product,
        "previousHash": None,
        **parts,
    }
    return cast("ChangeRecord", {**unsealed, "hash": record_hash(unsealed)})


def object_key(record: ChangeRecord) -> str:
    """Return where the audit trail keeps a record."""
    return AuditKey.of(record).text
