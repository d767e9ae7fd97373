"""The decision over random histories: whatever order changes arrive in, and however often, the same comes of them.

The table is a dictionary here. That the real one, with its conditions and transactions, keeps to the same is for
``tests/integration/test_any_history.py``.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.changes import requested_at
from tests.histories import CURRENCIES, deliveries, histories
from tests.invariants import Catalogue, check, check_nothing_went_backwards

from common.text import fold
from decision import ProductNotThereYet, decide, next_head, record, stamp, wanted_name

if TYPE_CHECKING:
    from common.change import Change

NOW = requested_at(60)
PRICE_AND_CURRENCY = {"price", "currency"}


@dataclass
class Store:
    """The least that can store decisions: a dictionary for each kind of item."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    decided: set[str] = field(default_factory=set)

    def deliver(self, change: Change) -> bool:
        """Apply a change, if it hasn't been; tell whether it is done with."""
        if change["changeId"] in self.decided:
            return True
        head = self.catalogue.heads.get(change["productId"])
        wanted = wanted_name(head, change)
        holder = None if wanted is None else self.catalogue.claims.get(fold(wanted))
        try:
            outcome = decide(head, change, holder)
        except ProductNotThereYet:
            return False
        made = record(head, change, outcome, NOW)
        self.catalogue.heads[change["productId"]] = next_head(head, outcome, made)
        self.catalogue.records.setdefault(change["productId"], []).append(made)
        self.decided.add(change["changeId"])
        if outcome.takes is not None:
            self.catalogue.claims[fold(outcome.takes)] = change["productId"]
        if outcome.releases is not None:
            del self.catalogue.claims[fold(outcome.releases)]
        return True

    def deliver_all(self, changes: list[Change]) -> list[Change]:
        """Deliver changes, and those that have to wait again, until no more can be done; return what still waits."""
        waiting = [change for change in changes if not self.deliver(change)]
        return waiting if len(waiting) == len(changes) else self.deliver_all(waiting)


@given(st.data())
def test_without_clashes_every_order_of_delivery_ends_in_the_same_products(data: st.DataObject) -> None:
    history = data.draw(histories(clashing=False))
    one, other = Store(), Store()
    assert one.deliver_all(data.draw(deliveries(history))) == []
    assert other.deliver_all(data.draw(deliveries(history))) == []
    assert one.catalogue.shown() == other.catalogue.shown()
    assert one.decided == other.decided == {change["changeId"] for change in history}


@given(st.data())
def test_in_every_order_of_delivery_the_invariants_hold_at_every_step(data: st.DataObject) -> None:
    history = data.draw(histories(clashing=True))
    store = Store()
    for change in data.draw(deliveries(history)):
        before = copy.deepcopy(store.catalogue)
        store.deliver(change)
        check(store.catalogue)
        check_nothing_went_backwards(before, store.catalogue)


@given(st.data())
def test_in_no_order_of_delivery_has_a_product_the_price_of_one_change_in_the_currency_of_another(
    data: st.DataObject,
) -> None:
    history = data.draw(histories(clashing=True))
    store = Store()
    for change in data.draw(deliveries(history)):
        store.deliver(change)
        for head in store.catalogue.heads.values():
            if head.product is not None:
                assert head.product["currency"] == CURRENCIES[head.product["price"]]


@given(st.data())
def test_of_messages_from_before_price_and_currency_were_one_value_none_is_lost(data: st.DataObject) -> None:
    """Each is applied to what is there, or recorded as superseded; in which order they end the same isn't promised."""
    history = data.draw(histories(clashing=False, one_sided=True))
    store = Store()
    waiting = list(data.draw(deliveries(history)))
    while waiting:
        waiting = [change for change in waiting if not store.deliver(change)]
    assert store.decided == {change["changeId"] for change in history}
    for product_id, records in store.catalogue.records.items():
        assert {record["status"] for record in records} <= {"APPLIED", "SUPERSEDED"}
        stamps = store.catalogue.heads[product_id].stamps
        newest = max(
            (stamp(record) for record in records if not PRICE_AND_CURRENCY.isdisjoint(record["fields"])),  # type: ignore[arg-type]
        )
        assert max(stamps["price"], stamps["currency"]) == newest


@given(st.data())
def test_replayed_messages_change_nothing(data: st.DataObject) -> None:
    history = data.draw(histories(clashing=True))
    store = Store()
    waiting = store.deliver_all(data.draw(deliveries(history)))
    before = copy.deepcopy(store.catalogue)
    assert {change["changeId"] for change in store.deliver_all(data.draw(deliveries(history)))} == {
        change["changeId"] for change in waiting
    }
    assert store.catalogue == before


@given(histories(clashing=True).flatmap(deliveries))
def test_only_changes_to_products_that_never_came_to_be_wait_for_ever(delivered: list[Change]) -> None:
    store = Store()
    for change in store.deliver_all(delivered):
        assert store.catalogue.heads[change["productId"]].product is None
