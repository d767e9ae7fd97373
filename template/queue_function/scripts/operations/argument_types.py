"""What scripts take on their command lines, as types for `argparse`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# What a product's id is, the function's own code says.
sys.path.append(str(Path(__file__).resolve().parents[2] / "src"))

from common.product import is_product_id

MOST_WORKERS = 256

LONGEST_SECONDS = 3600


def product_id(text: str) -> str:
    """Return a product's id."""
    if not is_product_id(text):
        raise argparse.ArgumentTypeError("must be a UUID in lower case")
    return text


def workers(text: str) -> int:
    """Return how many calls of AWS are to be under way at a time."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST_WORKERS}")
    return int(text)


def seconds(text: str) -> float:
    """Return for how long to wait."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0 to {LONGEST_SECONDS}")
    return number
