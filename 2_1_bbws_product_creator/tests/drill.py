"""A table, a copy of it as it was once, and the audit trail: what a restoration is made of."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

import handler as creator
from common.attribute_values import from_item, to_item
from common.canonical import canonical_json
from common.head import Head
from common.product_table import head_key
from decision import ProductNotThereYet
from ledger import Ledger
from restoration.audit_trail_reader import AuditTrailReader
from restoration.restoration import Restoration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from common.change import Change
    from common.change_record import ChangeRecord
    from common.product_table import ProductTable

RESTORED = "bbws-products-local-restored"


@dataclass
class Drill:
    """What a restoration is tried on.

    Attributes
    ----------
    original
        The table that the creator writes to.
    """

    original: ProductTable
    s3: Any
    bucket: str
    take_records: Callable[[], list[ChangeRecord]]

    def apply(self, *changes: Change) -> list[ChangeRecord]:
        """Have the creator apply changes, and the audit logger keep their records; return these.

        A change whose product isn't there yet comes again after all the others, once.
        """
        waiting = [change for change in changes if not _applied(change)]
        for change in waiting:
            _applied(change)
        records = self.take_records()
        for record in records:
            self.keep(record)
        return records

    def keep(self, record: ChangeRecord, content: bytes | None = None) -> None:
        """Put a record, or something else in its place, into the audit trail."""
        self.s3.put_object(Bucket=self.bucket, Key=key_of(record), Body=content or canonical_json(record))

    def restore(self) -> None:
        """Make a table as the original is now."""
        client = self.original.client
        schema = client.describe_table(TableName=self.original.name)["Table"]
        client.create_table(
            TableName=RESTORED,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=schema["KeySchema"],
            AttributeDefinitions=[
                definition
                for definition in schema["AttributeDefinitions"]
                if definition["AttributeName"] in ("PK", "SK")
            ],
        )
        for item in self._items(self.original.name):
            client.put_item(TableName=RESTORED, Item=item)

    def restoration(self, is_stopped: Callable[[], bool] = lambda: False) -> Restoration:
        return Restoration(Ledger(self.original.client, RESTORED), self.trail(), is_stopped)

    def trail(self) -> AuditTrailReader:
        return AuditTrailReader(self.s3, self.bucket)

    def erase(self, record: ChangeRecord) -> None:
        """Remove a record from the audit trail."""
        self.s3.delete_object(Bucket=self.bucket, Key=key_of(record))

    def items(self, table: str) -> list[tuple[str, str, dict[str, object]]]:
        """Return all that a table holds, in the order of the keys."""
        items = [from_item(item) for item in self._items(table)]
        return sorted((str(item["PK"]), str(item["SK"]), item) for item in items)

    def item(self, table: str, key: Mapping[str, str]) -> dict[str, object]:
        """Return an item of a table."""
        return from_item(self.original.client.get_item(TableName=table, Key=to_item(key))["Item"])

    def head(self, product_id: str) -> Head:
        """Return a product's head in the restored table."""
        return Head.from_attributes(self.item(RESTORED, head_key(product_id)))

    def write(self, table: str, item: Mapping[str, object]) -> None:
        """Write an item past the creator."""
        self.original.client.put_item(TableName=table, Item=to_item(item))

    def _items(self, table: str) -> Iterable[Any]:
        pages = self.original.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]


def _applied(change: Change) -> bool:
    try:
        creator.PIPELINE.apply(change)
    except ProductNotThereYet:
        return False
    return True


def key_of(record: ChangeRecord) -> str:
    """Return where the audit trail keeps a record."""
    day = record["appliedAt"][:10].replace("-", "/")
    return f"{day}/{record['productId']}_{record['appliedAt']}_{record['sequence']}.json"


def deploy_creator(*, table: str | None = None, enabled: bool = True) -> str:
    """Deploy a creator with its event source and return the id of that."""
    role = boto3.client("iam").create_role(RoleName="creator", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", "")
    functions = boto3.client("lambda")
    functions.create_function(
        FunctionName="bbws-product-creator-local",
        Runtime="python3.12",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": package.getvalue()},
        Timeout=5,
        Environment={"Variables": {"TABLE_NAME": table or os.environ["TABLE_NAME"]}},
        Publish=True,
    )
    alias = functions.create_alias(FunctionName="bbws-product-creator-local", Name="live", FunctionVersion="1")
    sqs = boto3.client("sqs")
    queues = {}
    for name in ("change", "audit", "audit-dlq"):
        url = sqs.create_queue(QueueName=f"bbws-product-{name}-local")["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        queues[name] = answer["Attributes"]["QueueArn"]
    mapping = functions.create_event_source_mapping(
        EventSourceArn=queues["change"], FunctionName=alias["AliasArn"], Enabled=enabled
    )
    return str(mapping["UUID"])
