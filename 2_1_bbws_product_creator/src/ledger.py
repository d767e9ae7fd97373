"""Where decisions are stored: head, record, done marker and name claims, in one transaction or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from common import timestamps
from common.attribute_values import to_item
from common.aws import error_code
from common.change_record import record_of
from common.product_table import ProductTable, claim_keys, head_key, marker_key, record_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from common.change_record import ChangeRecord
    from common.head import Head
    from decision import Outcome

KEPT = timedelta(days=90)

_ABSENT = "attribute_not_exists(PK)"
_OURS_OR_ABSENT = f"{_ABSENT} OR productId = :productId"


# Source: "Transaction cancellation reasons" of TransactWriteItems in the DynamoDB API reference. botocore doesn't try
# a cancelled transaction again, whatever cancelled it.
WORTH_ANOTHER_ROUND = frozenset(
    {"ConditionalCheckFailed", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}
)


class AlreadyDecided(Exception):
    """The change has its record; it was delivered before."""


class Overtaken(Exception):
    """Another writer got in between, or DynamoDB throttled the transaction: read and decide again."""


class Ledger(ProductTable):
    """The product table as the creator writes it."""

    def commit(self, before: Head | None, after: Head, record: ChangeRecord, outcome: Outcome) -> None:
        """Store a decision.

        Parameters
        ----------
        before : Head or None
            The head that the decision was made on.

        Raises
        ------
        AlreadyDecided
            The change's done marker exists.
        Overtaken
            The head, or the holder of a name, is no longer what was read, or the transaction was throttled.
        botocore.exceptions.ClientError
            AWS refused or failed; nothing was stored.
        botocore.exceptions.BotoCoreError
            AWS could not be reached or didn't answer; the decision may have been stored.
        """
        product_id = record["productId"]
        expires_at = int((timestamps.from_text(record["appliedAt"]) + KEPT).timestamp())
        marker = {"productId": product_id, "sequence": record["sequence"], "expiresAt": expires_at}
        writes = [
            # The marker first: whether it was that which failed decides what follows.
            self._put(marker_key(record["changeId"]), marker, _ABSENT),
            self._put_head(before, after.attributes(product_id), head_key(product_id)),
            self._put(
                record_key(product_id, record["sequence"]),
                {"entityType": "CHANGE", "expiresAt": expires_at, **record},
                _ABSENT,
            ),
        ]
        writes += self._claims(product_id, outcome)
        try:
            self.client.transact_write_items(TransactItems=writes)
        # By its code: botocore makes its exceptions' classes when they are first asked for, and two threads that ask
        # at once may get two sets of them.
        except ClientError as error:
            if error_code(error) == "TransactionCanceledException":
                _raise_named(error)
            raise

    def decided(self, change_id: str) -> ChangeRecord:
        """Return the record of a change whose done marker exists."""
        marker = self.item(marker_key(change_id))
        if marker is None:
            raise LookupError(f"the marker of change {change_id} has gone")
        item = self.item(record_key(cast("str", marker["productId"]), cast("int", marker["sequence"])))
        if item is None:
            raise LookupError(f"the record of change {change_id} has gone")
        return record_of(item)

    def _claims(self, product_id: str, outcome: Outcome) -> list[TransactWriteItemTypeDef]:
        """Return the writes of the claims that a product takes and releases."""
        holder = {":productId": product_id}
        writes = []
        taken = claim_keys(outcome.takes) if outcome.takes is not None else []
        if taken:
            writes.append(self._put(taken[0], {"productId": product_id}, _OURS_OR_ABSENT, holder))
        # An older creator may take the name under the key from before, meanwhile.
        writes += [self._delete(key, _OURS_OR_ABSENT, holder) for key in taken[1:]]
        released = claim_keys(outcome.releases) if outcome.releases is not None else []
        for key in released:
            if key in taken:
                continue
            # Where there are two keys, the claim is under one of them, and the other may be another product's.
            claim = self.item(key) if len(released) > 1 else None
            if claim is None or claim["productId"] == product_id:
                writes.append(self._delete(key, _OURS_OR_ABSENT, holder))
        return writes

    def _put_head(
        self, before: Head | None, values: Mapping[str, object], key: Mapping[str, str]
    ) -> TransactWriteItemTypeDef:
        if before is None:
            return self._put(key, values, _ABSENT)
        write = self._put(key, values, "#sequence = :sequence", {":sequence": before.sequence})
        # SEQUENCE is one of DynamoDB's reserved words.
        write["Put"]["ExpressionAttributeNames"] = {"#sequence": "sequence"}
        return write

    def _put(
        self,
        key: Mapping[str, str],
        values: Mapping[str, object],
        condition: str,
        condition_values: Mapping[str, object] | None = None,
    ) -> TransactWriteItemTypeDef:
        write: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self.name,
                "Item": to_item({**key, **values}),
                "ConditionExpression": condition,
            }
        }
        if condition_values is not None:
            write["Put"]["ExpressionAttributeValues"] = to_item(condition_values)
        return write

    def _delete(
        self, key: Mapping[str, str], condition: str, condition_values: Mapping[str, object]
    ) -> TransactWriteItemTypeDef:
        return {
            "Delete": {
                "TableName": self.name,
                "Key": to_item(key),
                "ConditionExpression": condition,
                "ExpressionAttributeValues": to_item(condition_values),
            }
        }


def _raise_named(error: ClientError) -> None:
    """Raise the exception that names why a transaction was cancelled, where this module has one."""
    codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    if codes and codes[0] == "ConditionalCheckFailed":
        raise AlreadyDecided from error
    if not WORTH_ANOTHER_ROUND.isdisjoint(codes):
        raise Overtaken from error
