"""The service's own metrics: lines of the log that CloudWatch also counts (its embedded metric format).

Each line is complete and written at once. So nothing waits to be flushed when an invocation fails or is stopped, and
threads don't mix their lines.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from common import configuration, timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping

# The dashboard asks for it by this name.
NAMESPACE = "BBWS/Products"

_ENVIRONMENT = configuration.required("ENVIRONMENT")
# Lambda sets it.
_FUNCTION = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "none")


@dataclass(frozen=True)
class Metric:
    """One value of a metric.

    Attributes
    ----------
    dimensions : mapping
        What tells its series apart, beside the environment. AWS bills every combination of values: never an id.
    """

    name: str
    value: float
    unit: Literal["Count", "Milliseconds"]
    dimensions: Mapping[str, str] = field(default_factory=dict)


def delay(name: str, since: str, until: str) -> Metric:
    """Return the time between two moments, as `timestamps` writes them; none where two clocks disagree."""
    elapsed = timestamps.from_text(until) - timestamps.from_text(since)
    return Metric(name, max(elapsed / timedelta(milliseconds=1), 0), "Milliseconds")


def fault() -> Metric:
    """Return one request that this function answered with 5xx; Lambda itself counts that as a success."""
    return Metric("Faults", 1, "Count", {"Function": _FUNCTION})


def request_duration(seconds: float) -> Metric:
    """Return how long this function took for one request that it answered without waiting for anything.

    Lambda's own Duration holds those as well whose callers wanted to wait.
    """
    return Metric("RequestDuration", round(seconds * 1000, 1), "Milliseconds", {"Function": _FUNCTION})


def failed_messages(count: int) -> Metric:
    """Return messages that this function failed to take in and hands back; Lambda itself sees no failure there."""
    return Metric("FailedMessages", count, "Count", {"Function": _FUNCTION})


def emit(*metrics: Metric, **properties: str) -> None:
    """Write metrics as one line. A dimension that several of them have must have one value.

    Source: "Specification: Embedded metric format" in the CloudWatch user guide.

    Parameters
    ----------
    properties
        What else the line tells whoever reads the log; CloudWatch counts nothing by it.
    """
    line: dict[str, object] = {"Environment": _ENVIRONMENT, **properties}
    directives = []
    for metric in metrics:
        line |= {metric.name: metric.value, **metric.dimensions}
        directives.append(
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["Environment", *metric.dimensions]],
                "Metrics": [{"Name": metric.name, "Unit": metric.unit}],
            }
        )
    line["_aws"] = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": directives}
    sys.stdout.write(json.dumps(line) + "\n")
