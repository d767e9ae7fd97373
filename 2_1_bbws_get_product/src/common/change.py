"""Changes: what the API functions ask for and the change queue carries."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from common import timestamps
from common.change_record import Attribution, record_version
from common.log import logger
from common.prices import since
from common.product import FIELDS, Money

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from common.product import Fields

# The newest that this code reads. A message bears the least version that understands all that it holds, so that older
# readers take whatever they can (documentation/decisions/message-versions.md).
SCHEMA_VERSION = 2

ChangeType = Literal["CREATE", "UPDATE", "DELETE"]


class Change(Attribution, TypedDict):
    """The body of a message on the change queue.

    `fields` holds all fields for a CREATE, the given ones for an UPDATE, ``{"active": false}`` for a DELETE.
    `expectedVersion` is ``None`` where the caller set no condition.
    """

    schemaVersion: int
    changeId: str
    changeType: ChangeType
    productId: str
    requestedAt: str
    requestedBy: str
    requestId: str
    expectedVersion: int | None
    fields: Fields


def new_change(
    change_type: ChangeType,
    product_id: str,
    fields: Fields,
    *,
    requested_by: str,
    request_id: str,
    change_id: str | None = None,
    expected_version: int | None = None,
    last_updated: str | None = None,
    attribution: Attribution | None = None,
) -> Change:
    """Return a change that is asked for now.

    Parameters
    ----------
    requested_by : str
        The API client's name.
    change_id : str, optional
        Where it isn't given, one that no other change has.
    expected_version : int, optional
        The version that the product must still have when the change is applied.
    last_updated : str, optional
        The `dateLastUpdated` of the product as it was read. The change is stamped later than that, so that a clock
        running behind doesn't make it the older one.
    attribution : Attribution, optional
        Who asked for it, and why, as far as the caller says so.
    """
    attribution = attribution or {}
    return {
        "schemaVersion": schema_version(fields, attribution),
        "changeId": change_id or str(uuid.uuid4()),
        "changeType": change_type,
        "productId": product_id,
        "requestedAt": timestamps.later_than(last_updated, timestamps.now()),
        "requestedBy": requested_by,
        "requestId": request_id,
        "expectedVersion": expected_version,
        "fields": fields,
        **attribution,
    }


def schema_version(fields: Fields, attribution: Attribution) -> int:
    """Return the least version of the message that can hold all of these fields, with these values and attribution."""
    held = [field for field in FIELDS if field.name in fields]
    amounts = [cast("str", fields[field.name]) for field in held if isinstance(field.rule, Money)]  # type: ignore[literal-required]
    return max([record_version(attribution), *(field.since for field in held), *map(since, amounts)])


class ChangeQueue:
    """The queue that changes wait in until they are applied.

    Parameters
    ----------
    client : SQSClient
        Its errors (botocore's) reach the caller.
    url : str
        The queue's URL.
    """

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, change: Change) -> None:
        """Queue a change. It is durable when this returns."""
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(change, ensure_ascii=False))
        logger.info(
            "change queued",
            extra={
                "change_id": change["changeId"],
                "change_type": change["changeType"],
                "product_id": change["productId"],
                "client": change["requestedBy"],
            },
        )
