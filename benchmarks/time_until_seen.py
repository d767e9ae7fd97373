#!/usr/bin/env python3
"""How long after a POST its product is readable and listed, and its record in the audit bucket.

    .venv/bin/python benchmarks/time_until_seen.py    the stack on PORT, or on 4566
    .venv/bin/python benchmarks/time_until_seen.py --creates 100 .local/4600/stack.json

Products are created one after the other, and each is withdrawn once it has been seen in all three places. Times count
from the moment at which the request is sent, and are as fine as one round of looking, which is printed too.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import boto3
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_s3 import S3Client

# Name of a place to that many seconds.
Seconds: TypeAlias = "dict[str, float]"

ROOT = Path(__file__).resolve().parent.parent
GIVE_UP_AFTER_SECONDS = 60.0
PAUSE_SECONDS = 0.005


class Stack:
    """A running stack, as far as this script looks into it.

    Parameters
    ----------
    description
        Its ``stack.json``.
    """

    def __init__(self, description: Path) -> None:
        about = json.loads(description.read_text(encoding="utf-8"))
        self._url: str = about["apiUrl"]
        self._session = requests.Session()
        self._session.headers["x-api-key"] = about["apiKeys"]["admin"]
        self._bucket: str = about["auditBucket"]
        # On MiniStack the account's id is the key of its root.
        self._s3: S3Client = boto3.client(
            "s3",
            endpoint_url=about["endpointUrl"],
            region_name=about["region"],
            aws_access_key_id=about["accountId"],
            aws_secret_access_key="unused",  # noqa: S106
            aws_session_token=about["sessionToken"],
        )

    def create(self, name: str) -> str:
        """Ask for a product and return its id."""
        body = {"name": name, "description": "A product to be timed", "price": 1, "billingCycle": "monthly"}
        return str(self._ask("POST", "products", 202, json=body).json()["productId"])

    def is_readable(self, product_id: str) -> bool:
        """Tell whether the product can be read."""
        return self._session.get(f"{self._url}/products/{product_id}", timeout=10).status_code == 200

    def is_listed(self, product_id: str) -> bool:
        """Tell whether the product is on the first page of the newest."""
        products = self._ask("GET", "products?order=desc", 200).json()["products"]
        return any(product["productId"] == product_id for product in products)

    def is_audited(self, product_id: str) -> bool:
        """Tell whether the bucket holds a record of the product."""
        # Said anew: what is measured imports nothing of what measures it, and the other way round.
        prefix = f"{datetime.now(UTC):%Y/%m/%d}/{product_id}_"
        return bool(self._s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix)["KeyCount"])

    def withdraw(self, product_id: str) -> None:
        """Ask for the product to be withdrawn."""
        self._ask("DELETE", f"products/{product_id}", 204)

    def _ask(self, method: str, path: str, status: int, **given: object) -> requests.Response:
        response = self._session.request(method, f"{self._url}/{path}", timeout=30, **given)  # type: ignore[arg-type]
        if response.status_code != status:
            sys.exit(f"{method} {path} was answered {response.status_code}: {response.text}")
        return response


def time_one(stack: Stack, name: str) -> tuple[Seconds, float]:
    """Create a product and look for it until it is everywhere.

    Returns
    -------
    tuple of dict and float
        When it was first seen in each place, and how long the longest round of looking took, in seconds.
    """
    started = time.perf_counter()
    product_id = stack.create(name)
    seen = {"accepted": time.perf_counter() - started}
    places: dict[str, Callable[[str], bool]] = {
        "readable": stack.is_readable,
        "listed": stack.is_listed,
        "audited": stack.is_audited,
    }
    longest_round = 0.0
    while missing := places.keys() - seen.keys():
        round_began = time.perf_counter()
        for place in sorted(missing):
            if places[place](product_id):
                seen[place] = time.perf_counter() - started
        if round_began - started > GIVE_UP_AFTER_SECONDS:
            sys.exit(f"product {product_id} was not {', '.join(sorted(missing))} in {GIVE_UP_AFTER_SECONDS:.0f} s")
        longest_round = max(longest_round, time.perf_counter() - round_began)
        time.sleep(PAUSE_SECONDS)
    stack.withdraw(product_id)
    return seen, longest_round


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time that a share of all times doesn't exceed, such as 0.95 of them."""
    return sorted(times)[math.ceil(share * len(times)) - 1]


def main() -> None:
    """Time the creations that the command line asks for and print a table in milliseconds."""
    default = ROOT / ".local" / (os.environ.get("PORT") or "4566") / "stack.json"
    parser = argparse.ArgumentParser(description="Time how soon created products can be seen.")
    parser.add_argument("stack", nargs="?", type=Path, default=default, help="a stack.json; default: %(default)s")
    parser.add_argument("--creates", type=int, default=50, metavar="N", help="how many; default: %(default)s")
    arguments = parser.parse_args()
    if not arguments.stack.is_file():
        sys.exit(f"{arguments.stack} is not there: bring up a stack (make up) or name one")
    if arguments.creates < 1:
        sys.exit("--creates must be at least 1")

    stack = Stack(arguments.stack)
    run = secrets.token_hex(4)
    # In the first, functions may make their first connections, which is another matter.
    first, _ = time_one(stack, f"timed {run} first")
    timed = [time_one(stack, f"timed {run} {number}") for number in range(arguments.creates)]

    print(f"{arguments.creates} products, ms from sending the POST")
    print(f"{'':9}{'p50':>7}{'p95':>7}{'max':>7}{'first':>8}")
    for place in ("accepted", "readable", "listed", "audited"):
        times = [seen[place] for seen, _ in timed]
        figures = [percentile(times, 0.5), percentile(times, 0.95), max(times)]
        print(f"{place:9}" + "".join(f"{figure * 1000:7.0f}" for figure in figures) + f"{first[place] * 1000:8.0f}")
    print(f"a round of looking took at most {max(longest for _, longest in timed) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
