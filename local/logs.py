"""``make logs FUNCTION=…``: follows what one function logs."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local.credentials import client
from local.description import running_stack
from local.failure import Failure
from local.layout import FUNCTIONS, PREFIX, chosen_stack, function_name, short_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

    from local.layout import StackFolder

BACK_SECONDS = 600.0
PAUSE_SECONDS = 1.0
# Events may come in late, out of order: so much of the past is asked for again.
OVERLAP_MS = 10_000
REMEMBERED = 10_000


def logs() -> int:
    """Print what the function of ``FUNCTION`` logged in the last ten minutes, and go on with what it logs."""
    repository = chosen(os.environ.get("FUNCTION", ""))
    folder = chosen_stack()
    running_stack(folder)
    print(f"following {function_name(repository)}; Ctrl-C ends it", file=sys.stderr)
    try:
        for event in events(folder, f"/aws/lambda/{function_name(repository)}"):
            moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
            print(f"{moment:%H:%M:%S}.{event['timestamp'] % 1000:03d}  {event['message'].rstrip()}", flush=True)
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    return 0


def chosen(name: str) -> str:
    """Return the repository whose function is meant, however its name is written.

    Raises
    ------
    Failure
        If there is none.
    """
    repository = PREFIX + name.strip().replace("-", "_").removeprefix(PREFIX)
    if repository not in FUNCTIONS:
        names = ", ".join(map(short_name, FUNCTIONS))
        raise Failure(f"say which: make logs FUNCTION={short_name(FUNCTIONS[0])}\nfunctions: {names}")
    return repository


def events(folder: StackFolder, group: str) -> Iterator[FilteredLogEventTypeDef]:
    """Yield the events of a log group, from some minutes back on and without end."""
    cloudwatch = client(folder, "logs")
    seen: deque[str] = deque(maxlen=REMEMBERED)
    since = int((time.time() - BACK_SECONDS) * 1000)
    pages = cloudwatch.get_paginator("filter_log_events")
    while True:
        try:
            found = [event for page in pages.paginate(logGroupName=group, startTime=since) for event in page["events"]]
        except cloudwatch.exceptions.ResourceNotFoundException:
            raise Failure(f"there is no log group {group}: make up deploys the function") from None
        for event in sorted(found, key=lambda event: event["timestamp"]):
            # MiniStack gives events no id.
            known_by = f"{event['logStreamName']} {event['timestamp']} {event['message']}"
            if known_by not in seen:
                seen.append(known_by)
                yield event
                since = max(since, event["timestamp"] - OVERLAP_MS)
        time.sleep(PAUSE_SECONDS)
