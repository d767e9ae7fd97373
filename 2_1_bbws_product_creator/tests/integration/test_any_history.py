"""The handler over random histories: any batches, any repeats and any faults, step by step against the invariants.

What comes back from the handler is delivered again, as SQS would; what was delivered may be delivered once more.
"""

from __future__ import annotations

import contextlib
import json
import os
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.faults import FAULTS, Fault, FaultyAws, Killed, between
from tests.histories import histories
from tests.invariants import Catalogue, check, check_nothing_went_backwards

import handler as creator
from common.attribute_values import from_item
from common.change_record import record_hash, record_of
from common.head import Head

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from common.batch import SqsEvent
    from common.change import Change
    from common.product_table import ProductTable

_CALLS = ["dynamodb.GetItem", "dynamodb.TransactWriteItems", "sqs.SendMessage bbws-product-audit-local"]
_FAULTS = st.builds(
    Fault,
    call=st.sampled_from(_CALLS),
    occurrence=st.integers(1, 6),
    kind=st.sampled_from(sorted(FAULTS)),
    after=st.booleans(),
    attempts=st.integers(1, 2),
)


class InTurn(Executor):
    """Does one thing after another: threads would make each run of an example another one."""

    def __init__(self, _: int) -> None:
        pass

    def submit(self, do: Callable[..., None], /, *arguments: object) -> None:  # type: ignore[override]
        with contextlib.suppress(Killed):
            do(*arguments)


class Deliveries(RuleBasedStateMachine):
    """A history of changes on its way through the creator."""

    def __init__(
        self,
        table: ProductTable,
        deliver: Callable[..., list[Change]],
        audited: Callable[[], list[Any]],
    ) -> None:
        super().__init__()
        self._table = table
        self._deliver = deliver
        self._audited = audited
        self._seen = Catalogue()
        self.asked: list[Change] = []
        self.waiting: list[Change] = []

    @initialize(history=histories(clashing=True))
    def ask(self, history: list[Change]) -> None:
        """Let changes be asked for; all wait on the queue."""
        self.asked = history
        self.waiting = list(history)

    @rule(data=st.data(), fault=st.none() | _FAULTS)
    def deliver_some(self, data: st.DataObject, fault: Fault | None) -> None:
        """Deliver a batch of what waits and what was delivered before, with or without a fault on the way."""
        batch = data.draw(st.lists(st.sampled_from(self.asked), min_size=1, max_size=5))
        failed = self._deliver(batch, fault)
        self.waiting = [change for change in self.waiting if change not in batch or change in failed]

    @invariant()
    def holds(self) -> None:
        """What must hold at any moment."""
        now = self._catalogue()
        check(now)
        check_nothing_went_backwards(self._seen, now)
        self._seen = now

    def teardown(self) -> None:
        """In the end everything is decided and audited, but for changes to products that never came to be."""
        while self.waiting:
            left = [
                change for at in range(0, len(self.waiting), 10) for change in self._deliver(self.waiting[at : at + 10])
            ]
            if len(left) == len(self.waiting):
                break
            self.waiting = left
        self.holds()
        records = [record for of_one in self._seen.records.values() for record in of_one]
        decided = {record["changeId"] for record in records}
        for change in self.asked:
            head = self._seen.heads.get(change["productId"])
            assert change["changeId"] in decided or (head is not None and head.product is None)
        audited = self._audited()
        assert {record["hash"] for record in audited} == {record["hash"] for record in records}
        assert all(record["hash"] == record_hash(record) for record in audited)

    def _catalogue(self) -> Catalogue:
        catalogue = Catalogue()
        markers = set()
        pages = self._table.client.get_paginator("scan").paginate(TableName=self._table.name, ConsistentRead=True)
        items = [from_item(item) for page in pages for item in page["Items"]]
        for item in sorted(items, key=lambda item: str(item["SK"])):
            kind, _, name = str(item["PK"]).partition("#")
            if kind == "NAME":
                catalogue.claims[name] = str(item["productId"])
            elif kind == "CHANGE":
                markers.add((item["productId"], item["sequence"], name))
            elif item["SK"] == "METADATA":
                catalogue.heads[name] = Head.from_attributes(item)
            else:
                catalogue.records.setdefault(name, []).append(record_of(item))
        records = [record for of_one in catalogue.records.values() for record in of_one]
        assert markers == {(record["productId"], record["sequence"], record["changeId"]) for record in records}
        return catalogue


@pytest.fixture
def deliver(
    sqs_event: Callable[..., SqsEvent], lambda_context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[Change]]:
    """Return what delivers changes as one batch, and returns those that come back."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("common.batch.ThreadPoolExecutor", InTurn)

    def deliver(changes: list[Change], fault: Fault | None = None) -> list[Change]:
        event = sqs_event(*changes)
        with between([creator.PIPELINE.ledger.client, creator.SQS], FaultyAws(fault).send):
            answer = creator.handler(event, lambda_context)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        return [json.loads(message["body"]) for message in event["Records"] if message["messageId"] in failed]

    return deliver


def test_invariants_hold_whatever_is_delivered_and_whatever_fails(
    new_table: Callable[[], ProductTable],
    deliver: Callable[..., list[Change]],
    queued: Callable[[str], list[Any]],
) -> None:
    audit_queue_url = os.environ["AUDIT_QUEUE_URL"]

    def machine() -> Deliveries:
        table = new_table()
        creator.SQS.create_queue(QueueName=audit_queue_url.rpartition("/")[2])
        return Deliveries(table, deliver, lambda: queued(audit_queue_url))

    # moto takes some milliseconds for a call, so there are fewer examples than of the decision alone.
    examples = max(25, settings().max_examples // 100)
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=6))  # type: ignore[no-untyped-call]
