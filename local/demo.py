"""``make demo``: walks one product through its life and shows each answer."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console

from local.credentials import client
from local.description import running_stack
from local.failure import Failure
from local.layout import chosen_stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.description import Description
    from local.layout import StackFolder

WITHIN_SECONDS = 20.0
PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Answer:
    """What the API answered.

    Parameters
    ----------
    status
        The HTTP status.
    body
        The JSON in it, None if there is none.
    """

    status: int
    body: Any


class Walk:
    """The requests of the demonstration, each shown with its answer.

    Parameters
    ----------
    stack
        Where to send them.
    console
        Where to show them.
    """

    def __init__(self, stack: Description, console: Console) -> None:
        self._stack = stack
        self._console = console

    def send(self, method: str, path: str, body: object = None, show: bool = True) -> Answer:
        """Send one request with the writer's key and show it and its answer."""
        request = urllib.request.Request(
            self._stack["apiUrl"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"x-api-key": self._stack["apiKeys"]["admin"], "content-type": "application/json"},
        )
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30.0) as response:
                status, content = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        answer = Answer(status, json.loads(content) if content else None)
        if show:
            self.show(method, path, body, answer, time.monotonic() - started)
        return answer

    def show(self, method: str, path: str, body: object, answer: Answer, seconds: float) -> None:
        """Show a request and its answer."""
        self._console.print(f"\n[bold]{method} /v1.0{path}[/bold]", highlight=False, soft_wrap=True)
        if body is not None:
            self.show_json(body)
        self._console.print(f"[cyan]{answer.status}[/cyan] after {seconds * 1000:.0f} ms", highlight=False)
        if answer.body is not None:
            self.show_json(answer.body)

    def show_json(self, value: object) -> None:
        """Show JSON, coloured where that helps."""
        self._console.print_json(json.dumps(value), indent=2)

    def poll(self, path: str, until: Callable[[Answer], bool], what: str) -> Answer:
        """Ask for something again and again until it is as expected, and show the last answer.

        Raises
        ------
        Failure
            If it doesn't become so in time.
        """
        started = time.monotonic()
        while True:
            answer = self.send("GET", path, show=False)
            if until(answer):
                self.show("GET", path, None, answer, time.monotonic() - started)
                return answer
            if time.monotonic() - started > WITHIN_SECONDS:
                raise Failure(f"{what} didn't happen within {WITHIN_SECONDS:.0f} s: the API answers {answer}")
            time.sleep(PAUSE_SECONDS)


def demo() -> int:
    """Create a product, find it, change it, withdraw it, and show what the audit trail kept."""
    folder = chosen_stack()
    stack = running_stack(folder)
    console = Console()
    walk = Walk(stack, console)
    name = f"Demo hosting {datetime.now(UTC):%Y-%m-%d %H.%M.%S}"

    _title(console, "Create a product: the change is accepted")
    accepted = _expect(
        walk.send(
            "POST",
            "/products",
            {
                "name": name,
                "description": "A WordPress site for a demonstration",
                "price": 199.99,
                "billingCycle": "monthly",
                "features": ["1 WordPress site", "20 GB storage"],
            },
        ),
        202,
    )
    product = f"/products/{accepted.body['productId']}"

    _title(console, "Poll until it has been applied")
    walk.poll(product, lambda answer: answer.status == 200, "the creation")

    _title(console, "List it: by the beginning of its name")
    _expect(walk.send("GET", "/products?limit=5&name=demo%20hosting"), 200)

    _title(console, "Change its price")
    change = _expect(walk.send("PUT", product, {"price": 149.5}), 202)

    _title(console, "Poll until it is known what became of that")
    change_id = change.body["changeId"]
    walk.poll(f"{product}/changes?changeId={change_id}", lambda answer: answer.status == 200, "the change of price")

    _title(console, "Withdraw it")
    _expect(walk.send("DELETE", product), 204)
    walk.poll(product, lambda answer: answer.status == 404, "the withdrawal")

    _title(console, "What the audit trail keeps of it, but for each record's before and after")
    for key, record in audit_objects(folder, stack, accepted.body["productId"], expected=3):
        console.print(f"\n[bold]s3://{stack['auditBucket']}/{key}[/bold]", highlight=False, soft_wrap=True)
        walk.show_json({name: value for name, value in record.items() if name not in {"before", "after"}})
    return 0


def audit_objects(
    folder: StackFolder, stack: Description, product_id: str, expected: int
) -> list[tuple[str, dict[str, Any]]]:
    """Return key and record of each of a product's audit objects of today, in order, once there are enough.

    Raises
    ------
    Failure
        If there aren't in time.
    """
    s3 = client(folder, "s3")
    deadline = time.monotonic() + WITHIN_SECONDS
    while True:
        # Said anew, as a stranger would who has read what keys look like.
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=stack["auditBucket"], Prefix=f"{datetime.now(UTC):%Y/%m/%d}/{product_id}_"
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        if len(keys) >= expected:
            break
        if time.monotonic() > deadline:
            raise Failure(f"{len(keys)} of {expected} audit objects came within {WITHIN_SECONDS:.0f} s")
        time.sleep(PAUSE_SECONDS)
    records = [(key, json.load(s3.get_object(Bucket=stack["auditBucket"], Key=key)["Body"])) for key in keys]
    return sorted(records, key=lambda entry: int(entry[1]["sequence"]))


def _title(console: Console, text: str) -> None:
    console.print(f"\n[bold green]{text}[/bold green]", highlight=False)


def _expect(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise Failure(f"expected {status}, and the API answers {answer.status}")
    return answer
