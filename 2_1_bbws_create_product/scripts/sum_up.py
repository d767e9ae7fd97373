#!/usr/bin/env python3
"""Sums a deployment up: how it ended, what came of it, how long it took.

    sum_up.py ENVIRONMENT OUTCOME --started SECONDS [--value NAME=VALUE …] [--summary FILE]

Imports the standard library alone: it also sums up what failed before anything was installed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.name


def main() -> None:
    """Print the summary as Markdown, and append it to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", metavar="ENVIRONMENT")
    parser.add_argument("outcome", metavar="OUTCOME", help="success, failure or cancelled")
    parser.add_argument("--started", type=int, required=True, metavar="SECONDS", help="when it began, since 1970")
    parser.add_argument("--value", action="append", default=[], metavar="NAME=VALUE", help="left out if VALUE is empty")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="gets the summary too")
    arguments = parser.parse_args()

    values = dict(given.partition("=")[::2] for given in arguments.value)
    text = summary(arguments.environment, arguments.outcome, values, round(time.time()) - arguments.started)
    print(text, end="")
    if arguments.summary:
        with arguments.summary.open("a", encoding="utf-8") as file:
            file.write(text)


def summary(environment: str, outcome: str, values: dict[str, str], seconds: int) -> str:
    """Return the summary.

    Parameters
    ----------
    values
        What came of it, by name; empty where it came to nothing.
    seconds
        How long it took.
    """
    rows = {
        "outcome": outcome,
        **{name: value for name, value in values.items() if value},
        "duration": f"{seconds // 60} min {seconds % 60} s",
    }
    table = "".join(f"| {name} | {value} |\n" for name, value in rows.items())
    return f"## {REPOSITORY} in {environment}\n\n| | |\n|---|---|\n{table}"


if __name__ == "__main__":
    main()
