#!/usr/bin/env python3
"""Gives every product the keys by which today's code finds it in the table's indexes.

    index_products.py dev

For an index that was added beside the others, or whose keys are made otherwise than before: the creator gives its keys
to what it writes, and this to all that it hasn't written since. A product that has them is left alone, so this can be
interrupted, and run again at any time; once it had nothing to do, the index holds what it should, and listings may
read it.

The creator may be at work meanwhile, but has to be one that knows the index: a product that it writes between reading
and storing here is read again.

Exit status: 0 if every product has its keys, 1 if not, 2 if the command line is wrong, 130 after Ctrl-C, 143 after
SIGTERM.
"""

from __future__ import annotations

import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# What the table holds is said where the function's own code says it.
sys.path.append(str(Path(__file__).resolve().parent.parent / "src"))

from common.attribute_values import to_item
from common.head import Head
from common.index_keys import BY_CREATED, index_keys, partition
from common.product_table import ProductTable, head_key
from deployment import account, command_line, signals, terraform
from deployment.signals import Interruption
from operations import argument_types
from operations.wording import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

DEFAULT_WORKERS = 16
# After how many products it looks whether somebody wants it to end.
_PAGE = 100


class Found(Enum):
    """How a product was found."""

    RIGHT = auto()
    INDEXED = auto()


def main(arguments: list[str] | None = None) -> int:
    """Index what the command line asks for, say what came of it and return the exit status."""
    signals.obey()
    options = parsed(arguments)
    try:
        account.check(options.environment)
        return index_all(options)
    except (BotoCoreError, ClientError) as error:
        print(f"error: {error}\nwhat was indexed stays: run it again", file=sys.stderr)
        return 1


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return what the command line says; a wrong one ends the script with exit status 2."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--table", metavar="TABLE", help="another than the environment's, such as a restored one")
    parser.add_argument(
        "--workers",
        type=argument_types.workers,
        default=DEFAULT_WORKERS,
        metavar="N",
        help="products at a time; default: %(default)s",
    )
    options = parser.parse_args(arguments)
    own = f"bbws-products-{options.environment}"
    options.table = options.table or own
    if re.fullmatch(rf"{own}(-[A-Za-z0-9_.-]+)?", options.table) is None:
        parser.error(f"argument --table: must be {own}, or that and a suffix after a hyphen")
    return options


def index_all(options: argparse.Namespace) -> int:
    """Index every product, say what came of it and return the exit status."""
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=options.workers + 1,
        retries={"mode": "adaptive", "total_max_attempts": 10},
    )
    client: DynamoDBClient = boto3.client("dynamodb", region_name=terraform.region(options.environment), config=config)
    table = ProductTable(client, options.table)
    started = time.monotonic()
    done = dict.fromkeys(Found, 0)
    with Interruption(once_more_ends=True) as interruption, ThreadPoolExecutor(options.workers) as pool:
        for ids in product_ids(table):
            if interruption:
                break
            for found in pool.map(lambda product_id: index(table, product_id), ids):
                done[found] += 1
    print(
        f"{options.table}: of {counted(sum(done.values()), 'product')} {done[Found.RIGHT]} had their keys and "
        f"{done[Found.INDEXED]} got them, in {time.monotonic() - started:.1f} s",
        flush=True,
    )
    if interruption:
        print("interrupted: what was indexed stays; run it again", file=sys.stderr)
        return interruption.exit_status
    return 0


def product_ids(table: ProductTable) -> Iterator[list[str]]:
    """Yield the ids of all products, those on sale and the withdrawn ones, a page at a time.

    One that is withdrawn or restored meanwhile may not come up: the creator that does it gives it its keys.
    """
    pages = table.client.get_paginator("query")
    for active in (True, False):
        for page in pages.paginate(
            TableName=table.name,
            IndexName=BY_CREATED.name,
            KeyConditionExpression="#partition = :partition",
            ExpressionAttributeNames={"#partition": BY_CREATED.partition_key},
            ExpressionAttributeValues=to_item({":partition": partition(active)}),
            ProjectionExpression="productId",
            PaginationConfig={"PageSize": _PAGE},
        ):
            yield [item["productId"]["S"] for item in page["Items"]]


def index(table: ProductTable, product_id: str) -> Found:
    """Give a product the keys that it lacks, or has from an older version of the creator, and say how it was found."""
    while True:
        attributes = table.item(head_key(product_id))
        product = Head.from_attributes(attributes).product if attributes else None
        keys = index_keys(product) if product else {}
        if attributes is None or keys.items() <= attributes.items():
            return Found.RIGHT
        try:
            table.client.update_item(
                TableName=table.name,
                Key=to_item(head_key(product_id)),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in keys),
                # What the creator wrote since is newer, and must not get the keys of what was before.
                ConditionExpression="#sequence = :sequence",
                ExpressionAttributeNames={"#sequence": "sequence"},
                ExpressionAttributeValues=to_item(
                    {":sequence": attributes["sequence"], **{f":{name}": value for name, value in keys.items()}}
                ),
            )
        except table.client.exceptions.ConditionalCheckFailedException:
            continue
        return Found.INDEXED


if __name__ == "__main__":
    sys.exit(main())
