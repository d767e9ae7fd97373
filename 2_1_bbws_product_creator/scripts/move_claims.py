#!/usr/bin/env python3
"""Moves the claims of products to their names to the keys that today's code gives them.

    move_claims.py dev

For names that are compared otherwise than before, so that more of them are the same: white space counts as one blank
and what doesn't show counts for nothing. A claim that is where it belongs is left alone, one whose product doesn't hold
the name is released, and each of the others moves in one transaction: there is never a product on sale without a claim
to its name. So this can be interrupted, and run again at any time, while the creator is at work.

Where two products on sale have the same name by today's rules, the claim of one stays under its old key, and both are
named. Which of them gets another name, or is withdrawn, is for people to say, through the API.

Exit status: 0 if every claim is where it belongs, 1 if not, 2 if the command line is wrong, 130 after Ctrl-C, 143 after
SIGTERM.
"""

from __future__ import annotations

import re
import sys
import time
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# What the table holds is said where the function's own code says it.
sys.path.append(str(Path(__file__).resolve().parent.parent / "src"))

from common.attribute_values import from_item, to_item
from common.head import Head
from common.product import name_to_take
from common.product_table import ProductTable, claim_key, head_key
from deployment import account, command_line, signals, terraform
from deployment.signals import Interruption
from ledger import WORTH_ANOTHER_ROUND
from operations.wording import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class Claim(NamedTuple):
    """A claim to a name: its partition key, and the product that has it."""

    key: str
    product_id: str


class Found(Enum):
    """How a claim was found."""

    RIGHT = auto()
    MOVED = auto()
    RELEASED = auto()
    CLASHES = auto()


def main(arguments: list[str] | None = None) -> int:
    """Move what the command line asks for, say what came of it and return the exit status."""
    signals.obey()
    options = parsed(arguments)
    try:
        account.check(options.environment)
        return move_all(options)
    except (BotoCoreError, ClientError) as error:
        print(f"error: {error}\nwhat was moved stays: run it again", file=sys.stderr)
        return 1


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return what the command line says; a wrong one ends the script with exit status 2."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--table", metavar="TABLE", help="another than the environment's, such as a restored one")
    options = parser.parse_args(arguments)
    own = f"bbws-products-{options.environment}"
    options.table = options.table or own
    if re.fullmatch(rf"{own}(-[A-Za-z0-9_.-]+)?", options.table) is None:
        parser.error(f"argument --table: must be {own}, or that and a suffix after a hyphen")
    return options


def move_all(options: argparse.Namespace) -> int:
    """Move every claim, say what came of it and return the exit status."""
    config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "adaptive", "total_max_attempts": 10})
    client: DynamoDBClient = boto3.client("dynamodb", region_name=terraform.region(options.environment), config=config)
    table = ProductTable(client, options.table)
    started = time.monotonic()
    done = dict.fromkeys(Found, 0)
    clashing = []
    with Interruption(once_more_ends=True) as interruption:
        for claim in claims(table):
            if interruption:
                break
            found = settle(table, claim)
            done[found] += 1
            if found is Found.CLASHES:
                clashing.append(claim)
    print(
        f"{options.table}: of {counted(sum(done.values()), 'claim')} {done[Found.RIGHT]} were right, "
        f"{done[Found.MOVED]} moved, {done[Found.RELEASED]} released and {done[Found.CLASHES]} clashed, "
        f"in {time.monotonic() - started:.1f} s",
        flush=True,
    )
    for claim in clashing:
        print(clash(table, claim), file=sys.stderr)
    if interruption:
        print("interrupted: what was moved stays; run it again", file=sys.stderr)
        return interruption.exit_status
    return 1 if clashing else 0


def claims(table: ProductTable) -> Iterator[Claim]:
    """Yield all claims, in no order; of those made or released meanwhile, some.

    No index holds claims, so this reads the whole table.
    """
    for page in table.client.get_paginator("scan").paginate(
        TableName=table.name,
        ConsistentRead=True,
        FilterExpression="SK = :name",
        ExpressionAttributeValues=to_item({":name": claim_key("")["SK"]}),
        ProjectionExpression="PK, productId",
    ):
        for item in map(from_item, page["Items"]):
            yield Claim(str(item["PK"]), str(item["productId"]))


def settle(table: ProductTable, claim: Claim) -> Found:
    """Put a claim where it belongs, and say how it was found."""
    while True:
        head, belongs = holding(table, claim.product_id)
        if claim.key == belongs:
            return Found.RIGHT
        try:
            table.client.transact_write_items(TransactItems=moving(table, claim, head, belongs))
        except ClientError as error:
            codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if codes.isdisjoint(WORTH_ANOTHER_ROUND):
                raise
            # A writer may have got in between: what it wrote shows when it is read again.
            now = table.item({"PK": claim.key, "SK": "NAME"})
            if now is None or now["productId"] != claim.product_id:
                return Found.RIGHT
            if belongs is not None and rival(table, claim.product_id, belongs) is not None:
                return Found.CLASHES
        else:
            return Found.MOVED if belongs else Found.RELEASED


def holding(table: ProductTable, product_id: str) -> tuple[Head | None, str | None]:
    """Return a product's head, and the partition key of the claim to its name; ``None`` where it holds none."""
    head = table.head(product_id)
    name = name_to_take(None, head.product if head else None)
    return head, None if name is None else claim_key(name)["PK"]


def rival(table: ProductTable, product_id: str, key: str) -> str | None:
    """Return the other product that has a claim; ``None`` if there is none."""
    claim = table.item({"PK": key, "SK": "NAME"})
    return None if claim is None or claim["productId"] == product_id else str(claim["productId"])


def moving(table: ProductTable, claim: Claim, head: Head | None, belongs: str | None) -> list[TransactWriteItemTypeDef]:
    """Return the writes that move a claim, or release it, as long as the product is the one that was read."""
    ours = to_item({":productId": claim.product_id})
    unchanged: TransactWriteItemTypeDef = {
        "ConditionCheck": {
            "TableName": table.name,
            "Key": to_item(head_key(claim.product_id)),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
    }
    if head is not None:
        unchanged["ConditionCheck"] |= {
            "ConditionExpression": "#sequence = :sequence",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": to_item({":sequence": head.sequence}),
        }
    writes: list[TransactWriteItemTypeDef] = [unchanged]
    if belongs is not None:
        writes.append(
            {
                "Put": {
                    "TableName": table.name,
                    "Item": to_item({"PK": belongs, "SK": "NAME", "productId": claim.product_id}),
                    "ConditionExpression": "attribute_not_exists(PK) OR productId = :productId",
                    "ExpressionAttributeValues": ours,
                }
            }
        )
    writes.append(
        {
            "Delete": {
                "TableName": table.name,
                "Key": to_item({"PK": claim.key, "SK": "NAME"}),
                "ConditionExpression": "productId = :productId",
                "ExpressionAttributeValues": ours,
            }
        }
    )
    return writes


def clash(table: ProductTable, claim: Claim) -> str:
    """Return what there is to say of a claim that couldn't be moved."""
    _, belongs = holding(table, claim.product_id)
    other = rival(table, claim.product_id, belongs) if belongs else None
    if other is None:
        return f"product {claim.product_id}: was in the way of another or is changed by now; run it again"
    heads = {product_id: table.head(product_id) for product_id in (claim.product_id, other)}
    # In ASCII, because the names look alike.
    return "clash: " + " and ".join(
        f"product {product_id} {ascii(head.product['name']) if head and head.product else '(none)'}"
        for product_id, head in heads.items()
    )


if __name__ == "__main__":
    sys.exit(main())
