"""The history that the API shows, beside the records that the table and the audit bucket hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from stack import creation, update, without_later

if TYPE_CHECKING:
    from stack import Json, Record, Stack


def history(stack: Stack, product_id: object, query: str = "") -> Json:
    """Return a page of a product's history."""
    response = stack.call("GET", f"products/{product_id}/changes{query}")
    assert response.status_code == 200, response.text
    return cast("Json", response.json())


def remove(stack: Stack, product_id: object, *sequences: int) -> None:
    """Remove records from the table, as DynamoDB does once they have expired."""
    for sequence in sequences:
        stack.table.delete_item(Key={"PK": f"PRODUCT#{product_id}", "SK": f"CHANGE#{sequence:010d}"})


def unpriced(record: Record) -> Record:
    """Return a record without its amounts, which the API shows as numbers, and without what it says of them beside."""
    shown = {name: value for name, value in record.items() if name != "changed"}
    for name in ("fields", "before", "after"):
        part = cast("Json | None", record[name])
        shown[name] = part and {field: value for field, value in without_later(part).items() if field != "price"}
    return shown


def test_history_shows_the_records_of_the_table(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    stack.apply(created, update(product_id, ago=30, price="1.00"), update(product_id, ago=20, name="Größe 日本"))
    shown = cast("list[Record]", history(stack, product_id)["changes"])
    stored = stack.records(product_id)
    assert [unpriced(record) for record in shown] == [unpriced(record) for record in stored[::-1]]
    assert [record["changed"] for record in shown[:2]] == [["name"], ["price"]]
    assert [cast("Json", record["after"])["price"] for record in shown] == [1.0, 1.0, 299.99]


def test_superseded_change_is_shown_with_its_reason_and_what_was_asked(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    older = update(product_id, ago=20, price="2.50")
    stack.apply(created, update(product_id, ago=10, price="1.00"), older)
    (record,) = cast("list[Record]", history(stack, product_id, f"?changeId={older['changeId']}")["changes"])
    assert (record["status"], record["reason"]) == ("SUPERSEDED", "NewerChangeApplied")
    assert record["fields"] == {"price": 2.5}
    assert record["before"] == record["after"]
    assert cast("Json", record["after"])["price"] == 1.0


def test_history_says_which_records_the_bucket_alone_still_has(stack: Stack) -> None:
    created = creation()
    product_id = created["productId"]
    stack.apply(created, *(update(product_id, ago=30 - number, price=f"{number}.00") for number in range(1, 5)))
    remove(stack, product_id, 1, 2)
    page = history(stack, product_id, "?limit=2")
    assert (page["count"], page["archivedThrough"]) == (2, None)
    page = history(stack, product_id, f"?limit=2&cursor={page['nextCursor']}")
    assert (page["count"], page["nextCursor"], page["archivedThrough"]) == (1, None, 2)
    remove(stack, product_id, 3, 4, 5)
    assert history(stack, product_id) == {"changes": [], "count": 0, "nextCursor": None, "archivedThrough": 5}
    assert [found.record["sequence"] for found in stack.audit_trail(product_id)] == [1, 2, 3, 4, 5]
