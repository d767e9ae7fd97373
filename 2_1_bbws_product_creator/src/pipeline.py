"""Applying a change: read, decide, store, hand over. Each step may fail, and all may be done again at any time."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING

import decision
from common import metrics, timestamps
from common.log import logger
from common.metrics import Metric
from ledger import AlreadyDecided, Overtaken

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from common.change import Change
    from common.change_record import ChangeRecord
    from ledger import Ledger

# Ten writers at once on one product need about ten rounds in the worst case.
MOST_ROUNDS = 20
_LONGEST_PAUSE_SECONDS = 0.2

_COUNTED_AS = {"APPLIED": "AppliedChanges", "SUPERSEDED": "SupersededChanges", "REJECTED": "RejectedChanges"}


class Pipeline:
    """The way of a change from the change queue into the table and on to the audit queue.

    Parameters
    ----------
    ledger : Ledger
        The product table.
    sqs : SQSClient
        Sends to the audit queue.
    audit_queue_url : str
        The audit queue's URL.
    """

    def __init__(self, ledger: Ledger, sqs: SQSClient, audit_queue_url: str) -> None:
        self.ledger = ledger
        self.sqs = sqs
        self._audit_queue_url = audit_queue_url

    def apply(self, change: Change) -> ChangeRecord:
        """Decide a change, store the decision and pass its record on to the audit queue.

        A change that was decided before is only passed on again: a failure between storing and passing on is mended
        by the message's next delivery.

        Raises
        ------
        ProductNotThereYet, Overtaken
            Not now, but perhaps when the message is delivered again.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            A call to AWS failed.
        """
        try:
            record = self._decide_and_store(change)
        except AlreadyDecided:
            record = self.ledger.decided(change["changeId"])
        else:
            _measure(record)
        # Escaped, because SQS refuses or replaces some characters that a record may hold, and its hash must survive.
        self.sqs.send_message(QueueUrl=self._audit_queue_url, MessageBody=json.dumps(record))
        return record

    def _decide_and_store(self, change: Change) -> ChangeRecord:
        for round_ in range(MOST_ROUNDS):
            try:
                return self._one_round(change)
            except Overtaken:
                logger.debug("overtaken by another writer", extra={"round": round_})
                # Jitter, so that writers who collided don't collide again.
                time.sleep(random.uniform(0, min(0.01 * 2**round_, _LONGEST_PAUSE_SECONDS)))
        raise Overtaken

    def _one_round(self, change: Change) -> ChangeRecord:
        head = self.ledger.head(change["productId"])
        wanted = decision.wanted_name(head, change)
        holder = None if wanted is None else self.ledger.name_holder(wanted, but_for=change["productId"])
        outcome = decision.decide(head, change, holder)
        record = decision.record(head, change, outcome, timestamps.to_text(timestamps.now()))
        self.ledger.commit(head, decision.next_head(head, outcome, record), record, outcome)
        return record


def _measure(record: ChangeRecord) -> None:
    """Count a decision and the time that it took; a repeat of the change must not count again."""
    metrics.emit(
        Metric(_COUNTED_AS[record["status"]], 1, "Count", {"ChangeType": record["changeType"]}),
        metrics.delay("RequestToApplied", record["requestedAt"], record["appliedAt"]),
    )
