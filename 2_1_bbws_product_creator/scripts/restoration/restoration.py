"""Replaying change records into a restored table, so that it goes on where the audit trail ends.

What was decided isn't decided again: a record says what became of its change, and what the table has to hold follows
from it. It is stored by the creator's own ledger under the ledger's conditions, so a second run changes nothing.

Names are the exception. Products are replayed without regard to each other, and while one is ahead and another behind,
both may hold the same name. So claims are settled at the end, when each product is what it has to be.
"""

from __future__ import annotations

import random
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import decision
from common.attribute_values import to_item
from common.product import name_to_take
from common.product_table import claim_keys
from decision import Outcome
from ledger import AlreadyDecided, Overtaken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from common.change import Change
    from common.change_record import ChangeRecord
    from common.head import Head
    from common.product import Product
    from ledger import Ledger
    from restoration.audit_trail_reader import AuditTrailReader, Entry

# A table that was just restored may throttle until it has grown to the load.
_PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 5, 5, 5)


class CannotReplay(Exception):
    """A product's records don't continue what the table holds of it; the exception says why."""


class Stopped(Exception):
    """The replay was asked to stop. All that it did stays."""


class Restoration:
    """The replay of an audit trail into a table to which nobody else writes.

    Parameters
    ----------
    ledger : Ledger
        The table.
    trail : AuditTrailReader
        Where the records are.
    is_stopped : callable
        Asked before each step whether to stop there: each of the methods then raises `Stopped`.

    Attributes
    ----------
    stored : int
        How many records it has stored, in whichever thread.
    """

    def __init__(self, ledger: Ledger, trail: AuditTrailReader, is_stopped: Callable[[], bool] = lambda: False) -> None:
        self._ledger = ledger
        self._trail = trail
        self._is_stopped = is_stopped
        self._counting = threading.Lock()
        self.stored = 0

    def check(self, product_id: str, entries: Sequence[Entry]) -> None:
        """Check by their sequences alone that a product's records continue what the table holds of it.

        Raises
        ------
        CannotReplay
            A record is missing, or is there twice.
        """
        for one, other in pairwise(entries):
            if one.sequence == other.sequence:
                raise CannotReplay(f"sequence {one.sequence} is there twice: {one.key} and {other.key}")
        self._stop_if_asked()
        head = self._ledger.head(product_id)
        last = head.sequence if head else 0
        for entry in entries:
            if entry.sequence > last + 1:
                missing = f"sequence {last + 1}" + (f" to {entry.sequence - 1}" if entry.sequence > last + 2 else "")
                raise CannotReplay(f"{missing} is missing in the audit trail, which goes on with {entry.key}")
            last = max(last, entry.sequence)

    def replay(self, product_id: str, entries: Sequence[Entry]) -> None:
        """Store those of a product's records that the table lacks, and release the names that it no longer holds.

        Raises
        ------
        CannotReplay, NotARecord
            A record is altered, isn't linked to the one before, or begins at another product than the table holds.
            Those before it are stored.
        """
        self._stop_if_asked()
        head = self._ledger.head(product_id)
        once_held: set[str] = set()
        for entry in entries:
            self._stop_if_asked()
            record = self._trail.record(entry)
            # Of those that the table has, too: a run before this one may have ended before it released them.
            once_held |= _claims(record["before"]) | _claims(record["after"])
            if head is None or record["sequence"] > head.sequence:
                head = self._store(head, record)
                with self._counting:
                    self.stored += 1
            elif record["sequence"] == head.sequence and record["hash"] != head.last_hash:
                raise CannotReplay(f"the table's last record is another than {entry.key}")
        for claim in once_held - _claims(head.product if head else None):
            self._release(claim, product_id)

    def claim_name(self, product_id: str) -> None:
        """Let a product have its name, once every product has released what it no longer holds.

        Raises
        ------
        CannotReplay
            Another product has it.
        """
        self._stop_if_asked()
        head = self._ledger.head(product_id)
        name = name_to_take(None, head.product if head else None)
        if name is None:
            return
        client = self._ledger.client
        # Of products from before, more than one may have a name that is the same by today's rules.
        for key in claim_keys(name):
            try:
                client.put_item(
                    TableName=self._ledger.name,
                    Item=to_item({**key, "productId": product_id}),
                    ConditionExpression="attribute_not_exists(PK) OR productId = :productId",
                    ExpressionAttributeValues=to_item({":productId": product_id}),
                )
            except client.exceptions.ConditionalCheckFailedException:
                continue
            return
        holder = self._ledger.name_holder(name)
        raise CannotReplay(f"its name {name!r} is claimed by product {holder}")

    def _stop_if_asked(self) -> None:
        if self._is_stopped():
            raise Stopped

    def _release(self, claim: str, product_id: str) -> None:
        client = self._ledger.client
        try:
            client.delete_item(
                TableName=self._ledger.name,
                Key=to_item({"PK": claim, "SK": "NAME"}),
                ConditionExpression="productId = :productId",
                ExpressionAttributeValues=to_item({":productId": product_id}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            # Released before, or another product's by now.
            return

    def _store(self, head: Head | None, record: ChangeRecord) -> Head:
        """Store a record with the head that follows from it, and return that."""
        _check_continues(head, record)
        outcome = outcome_of(head, record)
        following = decision.next_head(head, outcome, record)
        for pause in _PAUSES_SECONDS:
            try:
                self._ledger.commit(head, following, record, outcome)
            except (AlreadyDecided, Overtaken) as refusal:
                there = self._ledger.head(record["productId"])
                if there == following:
                    # The answer to an earlier attempt was lost.
                    return following
                if there != head or isinstance(refusal, AlreadyDecided):
                    raise CannotReplay(
                        f"sequence {record['sequence']}: the table has decided change {record['changeId']} otherwise; "
                        "somebody else writes to it"
                    ) from None
            else:
                return following
            time.sleep(pause * random.uniform(0.5, 1.5))
        raise CannotReplay(f"sequence {record['sequence']}: DynamoDB throttled each attempt; run it again")


def outcome_of(head: Head | None, record: ChangeRecord) -> Outcome:
    """Return what a record says became of its change, but for the names."""
    stamps = head.stamps if head else {}
    if record["status"] == "APPLIED":
        # A record holds all that its change does but for the version of the message.
        change = cast("Change", record)
        stamps = {**stamps, **dict.fromkeys(decision.newer_fields(stamps, change), decision.stamp(change))}
    return Outcome(record["status"], cast("decision.Reason | None", record["reason"]), record["after"], stamps)


def _check_continues(head: Head | None, record: ChangeRecord) -> None:
    sequence, last_hash, product = (head.sequence, head.last_hash, head.product) if head else (0, None, None)
    where = f"sequence {record['sequence']}"
    if record["sequence"] != sequence + 1:
        raise CannotReplay(f"{where}: the table has reached sequence {sequence}; somebody else writes to it")
    if record["previousHash"] != last_hash:
        raise CannotReplay(f"{where}: previousHash is {record['previousHash']}, the record before bears {last_hash}")
    if record["before"] != product:
        raise CannotReplay(f"{where}: `before` isn't the product that the table holds, which the creator never wrote")


def _claims(product: Product | None) -> set[str]:
    """Return the partition keys that the claim to a product's name may have; a withdrawn one has none."""
    name = name_to_take(None, product)
    return set() if name is None else {key["PK"] for key in claim_keys(name)}
