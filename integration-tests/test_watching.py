"""Alarms and dashboard: infrastructure, functions' Terraform and functions' code each make their part of them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import boto3
import pytest
from stack import Stack, creation, eventually, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from stack import Json

ROOT = Path(__file__).resolve().parent.parent
API_FUNCTIONS = {"list-products", "get-product", "create-product", "update-product", "delete-product"}
FUNCTIONS = {*API_FUNCTIONS, "product-creator", "audit-logger"}
QUEUES = {"change", "audit"}
TABLE_AND_INDEXES = {
    "table",
    "productsbycreatedindex",
    "productsbycurrencyandpriceindex",
    "productsbynameindex",
    "productsbypriceindex",
}
WIDTH = 24


def client(stack: Stack, service: str) -> object:
    return boto3.client(
        service,
        endpoint_url=stack.variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=stack.variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=stack.variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=stack.variables["AWS_SESSION_TOKEN"],
        region_name=stack.functions.meta.region_name,
    )


@pytest.fixture(scope="module")
def cloudwatch(stack: Stack) -> CloudWatchClient:
    return cast("CloudWatchClient", client(stack, "cloudwatch"))


@pytest.fixture(scope="module")
def logs(stack: Stack) -> CloudWatchLogsClient:
    return cast("CloudWatchLogsClient", client(stack, "logs"))


@pytest.fixture(scope="module")
def alarms(cloudwatch: CloudWatchClient) -> dict[str, MetricAlarmTypeDef]:
    """Return the alarms by name."""
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="bbws-")
    return {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}


@pytest.fixture(scope="module")
def widgets(cloudwatch: CloudWatchClient) -> list[Json]:
    body = cloudwatch.get_dashboard(DashboardName="bbws-products-local")["DashboardBody"]
    return cast("list[Json]", json.loads(body)["widgets"])


def graphs(widgets: list[Json]) -> dict[str, Json]:
    """Return the properties of the graphs, by title."""
    found = [cast("Json", widget["properties"]) for widget in widgets if widget["type"] == "metric"]
    return {str(properties["title"]): properties for properties in found}


def metrics(graph: Json) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield namespace, name and dimensions of a graph's metrics, but not what is computed of them."""
    for metric in cast("list[list[object]]", graph["metrics"]):
        parts = [str(part) for part in metric if not isinstance(part, dict)]
        if parts:
            yield parts[0], parts[1], dict(zip(parts[2::2], parts[3::2], strict=True))


def test_every_function_queue_index_and_the_api_have_their_alarms(alarms: dict[str, MetricAlarmTypeDef]) -> None:
    assert set(alarms) == {
        "bbws-product-api-local-errors",
        *(f"bbws-{name}-local-{kind}" for name in FUNCTIONS for kind in ("errors", "duration", "throttles")),
        *(f"bbws-{name}-local-faults" for name in API_FUNCTIONS),
        *(f"bbws-{name}-local-failed-messages" for name in FUNCTIONS - API_FUNCTIONS),
        *(f"bbws-product-{name}-dlq-local-depth" for name in QUEUES),
        *(f"bbws-product-{name}-local-oldest-message" for name in QUEUES),
        *(f"bbws-products-local-{name}-{kind}-throttles" for name in TABLE_AND_INDEXES for kind in ("read", "write")),
    }


def test_every_alarm_tells_the_alert_topic_when_it_begins_and_when_it_is_over(
    alarms: dict[str, MetricAlarmTypeDef],
) -> None:
    told = {(*alarm["AlarmActions"], *alarm["OKActions"]) for alarm in alarms.values()}
    topic = "arn:aws:sns:eu-west-1:000000000000:bbws-product-alerts-local"
    assert told == {(topic, topic)}


def test_every_alarm_links_a_runbook_that_is_there(alarms: dict[str, MetricAlarmTypeDef]) -> None:
    links = {re.sub(r"^.*\bRunbook: (\S+)$", r"\1", alarm["AlarmDescription"]) for alarm in alarms.values()}
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_every_runbook_is_in_their_index() -> None:
    folder = ROOT / "documentation" / "runbooks"
    index = (folder / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", index))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}


def test_dashboard_shows_every_alarm(alarms: dict[str, MetricAlarmTypeDef], widgets: list[Json]) -> None:
    (shown,) = (cast("Json", widget["properties"])["alarms"] for widget in widgets if widget["type"] == "alarm")
    assert sorted(cast("list[str]", shown)) == sorted(alarm["AlarmArn"] for alarm in alarms.values())


def test_dashboard_has_no_graph_upon_another(widgets: list[Json]) -> None:
    squares = [
        (x, y)
        for widget in cast("list[dict[str, int]]", widgets)
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < WIDTH


def test_dashboard_shows_each_route_against_the_target_that_its_function_alarms_at(
    alarms: dict[str, MetricAlarmTypeDef], widgets: list[Json]
) -> None:
    routes = {title: graph for title, graph in graphs(widgets).items() if " /v1.0/" in title}
    shown = set()
    for graph in routes.values():
        (name,) = (dimensions["Function"] for _, metric, dimensions in metrics(graph) if metric == "RequestDuration")
        ((line,),) = cast("dict[str, list[dict[str, float]]]", graph["annotations"]).values()
        assert line["value"] == alarms[f"{name}-duration"]["Threshold"]
        shown.add(name)
    assert shown == {f"bbws-{name}-local" for name in API_FUNCTIONS}


def test_dashboard_shows_batches_against_the_targets_that_their_functions_alarm_at(
    alarms: dict[str, MetricAlarmTypeDef], widgets: list[Json]
) -> None:
    lines = cast("dict[str, list[Json]]", graphs(widgets)["Duration of a batch, p95, ms"]["annotations"])["horizontal"]
    assert {line["label"]: line["value"] for line in lines} == {
        f"target of {name}": alarms[f"bbws-{name}-local-duration"]["Threshold"] for name in FUNCTIONS - API_FUNCTIONS
    }


def test_dashboard_counts_gigabyte_seconds_with_the_memory_that_each_function_has(
    stack: Stack, widgets: list[Json]
) -> None:
    graph = graphs(widgets)["Cost: GB-seconds of the functions"]
    computed = [
        part for metric in cast("list[list[Json]]", graph["metrics"]) for part in metric if isinstance(part, dict)
    ]
    shown = {part["label"]: str(part["expression"]).rpartition(" * ")[2] for part in computed if "expression" in part}
    functions = {
        name: stack.functions.get_function_configuration(FunctionName=f"bbws-{name}-local") for name in FUNCTIONS
    }
    assert {name: float(factor) for name, factor in shown.items()} == {
        name: function["MemorySize"] / 1024 for name, function in functions.items()
    }


def test_dashboard_asks_for_what_the_functions_count(
    stack: Stack, logs: CloudWatchLogsClient, widgets: list[Json]
) -> None:
    shown = {
        (namespace, name, *sorted(dimensions.items()))
        for graph in graphs(widgets).values()
        for namespace, name, dimensions in metrics(graph)
    }
    began = int(time.time() * 1000)
    created = creation()
    stack.apply(created, update(created["productId"], price="1.00"))

    def counted() -> set[tuple[object, ...]] | None:
        """Return what the functions have counted, once both types of change and both delays are there."""
        found = {metric for name in ("product-creator", "audit-logger") for metric in emitted(logs, name, began)}
        return found if len(found) == 4 else None

    assert eventually(counted, "both functions count what they did") <= shown


def emitted(logs: CloudWatchLogsClient, function: str, since: int) -> Iterator[tuple[object, ...]]:
    """Yield the metrics that a function wrote to its log, with their dimensions.

    Source: "Specification: Embedded metric format" in the CloudWatch user guide.
    """
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/bbws-{function}-local", startTime=since
    )
    for line in (event["message"] for page in pages for event in page["events"]):
        if '"_aws"' not in line:
            continue
        entry = json.loads(line)
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            (names,) = directive["Dimensions"]
            for metric in directive["Metrics"]:
                assert isinstance(entry[metric["Name"]], (int, float))
                yield directive["Namespace"], metric["Name"], *sorted((name, entry[name]) for name in names)
