"""A product's life through the client that is generated from the document, written as a program that uses it would be.

`test_generated_client.py` generates the client, has this file type-checked against it, and runs it.
"""

from __future__ import annotations

import secrets
import time
import uuid
from typing import TYPE_CHECKING, TypeVar

from product_client import AuthenticatedClient
from product_client.api.history import list_changes
from product_client.api.products import create_product, get_product, list_products, update_product, withdraw_product
from product_client.models import (
    Accepted,
    ApiError,
    BillingCycle,
    ChangePage,
    ChangeRecord,
    ChangeRecordStatus,
    ErrorCode,
    NewProduct,
    Product,
    ProductAnswer,
    ProductChanges,
    ProductPage,
    Reason,
)

if TYPE_CHECKING:
    from uuid import UUID

Model = TypeVar("Model")

PATIENCE_SECONDS = 60.0


def walk(url: str, key: str) -> None:
    """Create, find, change and withdraw a product."""
    client = AuthenticatedClient(
        base_url=url, token=key, prefix="", auth_header_name="x-api-key", raise_on_unexpected_status=True
    )
    name = f"Generated Client {secrets.token_hex(4)}"
    created = accepted(
        create_product.sync(
            client=client,
            body=NewProduct(
                name=name,
                description="Made through the generated client",
                price=299.99,
                billing_cycle=BillingCycle.MONTHLY,
                features=["Made to be withdrawn"],
            ),
            idempotency_key=str(uuid.uuid4()),
        )
    )
    assert outcome(client, created.product_id, created.change_id).status is ChangeRecordStatus.APPLIED

    product = read(client, created.product_id)
    assert (product.name, product.price, product.currency.value, product.version) == (name, 299.99, "ZAR", 1)
    page = answer(list_products.sync(client=client, name=name.upper(), limit=1), ProductPage)
    assert [found.product_id for found in page.products] == [created.product_id]

    tag = get_product.sync_detailed(created.product_id, client=client).headers["ETag"]
    changes = ProductChanges(price=249.99, active=True)
    updated = accepted(update_product.sync(created.product_id, client=client, body=changes, if_match=tag))
    assert outcome(client, updated.product_id, updated.change_id).version == 2
    assert read(client, created.product_id).price == 249.99
    stale = update_product.sync(created.product_id, client=client, body=changes, if_match=tag)
    assert answer(stale, ApiError).error is ErrorCode.VERSIONMISMATCH

    withdrawn = withdraw_product.sync_detailed(created.product_id, client=client, if_match='"2"')
    assert withdrawn.status_code == 204
    record = outcome(client, created.product_id, uuid.UUID(withdrawn.headers["X-Change-Id"]))
    assert record.after is not None
    assert record.before is not None
    assert (record.before.active, record.after.active, record.reason) == (True, False, None)

    gone = answer(get_product.sync(created.product_id, client=client), ApiError)
    assert gone.error is ErrorCode.PRODUCTNOTFOUND
    history = answer(list_changes.sync(created.product_id, client=client, limit=2), ChangePage)
    assert [(each.sequence, each.change_type.value) for each in history.changes] == [(3, "DELETE"), (2, "UPDATE")]
    assert isinstance(history.next_cursor, str)
    rest = answer(list_changes.sync(created.product_id, client=client, limit=2, cursor=history.next_cursor), ChangePage)
    assert [each.change_id for each in rest.changes] == [created.change_id]
    assert Reason.NAMETAKEN not in {each.reason for each in [*history.changes, *rest.changes]}


def answer(answered: object, model: type[Model]) -> Model:
    """Return an answer of the type that is expected."""
    assert isinstance(answered, model), answered
    return answered


def accepted(answered: Accepted | ProductAnswer | ApiError | None) -> Accepted:
    return answer(answered, Accepted)


def read(client: AuthenticatedClient, product_id: UUID) -> Product:
    return answer(get_product.sync(product_id, client=client), ProductAnswer).product


def outcome(client: AuthenticatedClient, product_id: UUID, change_id: UUID) -> ChangeRecord:
    """Return what became of a change, asking until it is decided."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answered = list_changes.sync(product_id, client=client, change_id=change_id)
        if isinstance(answered, ChangePage):
            (record,) = answered.changes
            return record
        assert answer(answered, ApiError).error is not ErrorCode.VALIDATIONERROR, answered
        assert time.monotonic() < deadline, answered
        time.sleep(0.1)
