"""Ten creators at once, on one product and on one name."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from stack import assert_chained, creation, new_id, new_name, stamp, update

if TYPE_CHECKING:
    from stack import Change, Stack

WRITERS = 10
CREATOR = "bbws-product-creator-local"


def deliver_at_once(stack: Stack, changes: list[Change]) -> None:
    """Invoke the creator once for each change, all at the same time, as if each had come in a batch of its own."""

    def invoke(change: Change) -> None:
        body = json.dumps(change)
        record = {
            "messageId": new_id(),
            "receiptHandle": "none",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
            "eventSource": "aws:sqs",
        }
        answer = stack.functions.invoke(
            FunctionName=CREATOR, Qualifier="live", Payload=json.dumps({"Records": [record]})
        )
        # What failed SQS delivers again, and so does this.
        if answer.get("FunctionError") or json.loads(answer["Payload"].read())["batchItemFailures"]:
            stack.submit(change)

    with ThreadPoolExecutor(len(changes)) as threads:
        list(threads.map(invoke, changes))
    stack.settle()


@pytest.fixture
def product_id(stack: Stack) -> str:
    change = creation()
    stack.apply(change)
    return str(change["productId"])


def test_ten_writers_of_one_product_lose_no_update_and_leave_no_gap(stack: Stack, product_id: str) -> None:
    changes = [update(product_id, ago=WRITERS - number, price=f"{number}.00") for number in range(1, WRITERS)]
    changes.append(update(product_id, ago=40, billingCycle="yearly"))
    deliver_at_once(stack, changes)
    records = stack.records(product_id)
    assert {record["changeId"] for record in records[1:]} == {change["changeId"] for change in changes}
    assert_chained(records)
    product = stack.product(product_id)
    assert product["price"] == max(changes[:-1], key=stamp)["fields"]["price"]  # type: ignore[index]
    assert product["billingCycle"] == "yearly"
    assert product["version"] == sum(record["status"] == "APPLIED" for record in records)
    assert [found.record for found in stack.audit_trail(product_id)] == records


def test_ten_writers_of_one_name_leave_one_holder(stack: Stack) -> None:
    name = new_name("contested")
    changes = [creation(name=name) for _ in range(WRITERS)]
    stack.created |= {str(change["productId"]) for change in changes}
    deliver_at_once(stack, changes)
    outcomes = {str(change["productId"]): stack.outcomes(change["productId"]) for change in changes}
    (winner,) = (product_id for product_id, outcome in outcomes.items() if outcome == [("APPLIED", None)])
    assert [outcome for holder, outcome in outcomes.items() if holder != winner] == [[("REJECTED", "NameTaken")]] * 9
    assert stack.name_holder(name) == winner


def test_ten_deliveries_of_one_change_make_one_record(stack: Stack) -> None:
    change = creation()
    stack.created.add(str(change["productId"]))
    deliver_at_once(stack, [change] * WRITERS)
    assert stack.outcomes(change["productId"]) == [("APPLIED", None)]
    (found,) = stack.audit_trail(change["productId"])
    assert len(stack.versions(found.key)) == 1
