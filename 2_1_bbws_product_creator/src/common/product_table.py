"""The product table: its keys, and what more than one function reads from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.attribute_values import from_item, to_item
from common.head import Head
from common.text import fold, former_fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient


def head_key(product_id: str) -> dict[str, str]:
    """Return the key of a product's head."""
    return {"PK": f"PRODUCT#{product_id}", "SK": "METADATA"}


def record_key(product_id: str, sequence: int) -> dict[str, str]:
    """Return the key of a product's change record."""
    return {"PK": f"PRODUCT#{product_id}", "SK": f"CHANGE#{sequence:010d}"}


def marker_key(change_id: str) -> dict[str, str]:
    """Return the key of the marker that a change has been decided."""
    return {"PK": f"CHANGE#{change_id}", "SK": "CHANGE"}


def claim_key(name: str) -> dict[str, str]:
    """Return the key of the claim to a name; the same for names that look the same, whatever their case."""
    return {"PK": f"NAME#{fold(name)}", "SK": "NAME"}


def claim_keys(name: str) -> list[dict[str, str]]:
    """Return the keys that the claim to a name may have: today's, and the one from before where that is another."""
    former = {"PK": f"NAME#{former_fold(name)}", "SK": "NAME"}
    return [claim_key(name), *([former] if former != claim_key(name) else [])]


class ProductTable:
    """Single items of the table, read consistently: a change that was applied is seen.

    Parameters
    ----------
    client : DynamoDBClient
        Its errors (botocore's) reach the caller of each method.
    name : str
        The table's name.
    """

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self.client = client
        self.name = name

    def item(self, key: Mapping[str, str]) -> dict[str, object] | None:
        """Return the attributes of an item, or ``None`` where there is none."""
        answer = self.client.get_item(TableName=self.name, Key=to_item(key), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def head(self, product_id: str) -> Head | None:
        """Return a product's head, or ``None`` where there is none yet."""
        attributes = self.item(head_key(product_id))
        return None if attributes is None else Head.from_attributes(attributes)

    def name_holder(self, name: str, but_for: str | None = None) -> str | None:
        """Return the id of the active product that has a name, but for a certain one, or ``None``.

        Names are the same where they look the same, whatever their case. A claim from before that was so counts for the
        name that it was made for.
        """
        for key in claim_keys(name):
            claim = self.item(key)
            if claim is not None and claim["productId"] != but_for:
                return str(claim["productId"])
        return None
