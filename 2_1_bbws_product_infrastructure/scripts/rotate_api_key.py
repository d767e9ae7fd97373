#!/usr/bin/env python3
"""Leads a client from its API key to a new one, with both valid in between.

    rotate_api_key.py dev admin status
    rotate_api_key.py dev admin begin     the client gets a second key, which nobody has yet
    rotate_api_key.py dev admin switch    the client's secret holds the second key
    rotate_api_key.py dev admin finish    the first key is no more

Each writes one line into terraform/environments/{environment}.tfvars and nothing else: that is committed, reviewed and
deployed as any other change. It does so only when everything before it is deployed, so that no client is ever left
without a key that works. A step that was taken already changes nothing; status says which is next. finish makes sure
in the API's access log that nobody has used the first key of late.

Exit status: 0 done, 1 refused, 2 if the command line is wrong, 130 after Ctrl-C, 143 after SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from deployment import account, command_line, deployable, names, state_bucket, terraform

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient

UNUSED_FOR_HOURS = 24.0
SECONDS_BETWEEN_LOOKS = 1.0

_SETTING = "api_key_numbers"


@dataclass(frozen=True)
class Key:
    """A valid key of a client, as the infrastructure that is deployed has it.

    Attributes
    ----------
    number
        1 for the client's first key, and one more for each later one.
    key_id
        API Gateway's.
    fingerprint
        What the functions know the key by.
    """

    number: int
    key_id: str
    fingerprint: str


@dataclass(frozen=True)
class Rotation:
    """How far the rotation of a client's key is.

    Attributes
    ----------
    client
        Its name.
    settings
        The numbers of its valid keys in the settings; the first is to be in its secret.
    keys
        Those that are deployed; the first is in its secret.
    unknown
        By key number the functions that don't know the key, and would refuse it.
    """

    client: str
    settings: tuple[int, ...]
    keys: tuple[Key, ...]
    unknown: dict[int, tuple[str, ...]]

    @property
    def deployed(self) -> tuple[int, ...]:
        """The numbers of the keys that are deployed."""
        return tuple(key.number for key in self.keys)

    @property
    def undeployed(self) -> tuple[str, ...]:
        """The functions that don't know all keys."""
        return tuple(sorted({name for names in self.unknown.values() for name in names}))

    def blocker(self) -> str | None:
        """Return what has to be done before any step is taken; ``None`` if nothing has."""
        if self.settings != self.deployed:
            said, there = _listed(self.settings), _listed(self.deployed)
            return f"deploy {deployable.NAME}: {_SETTING} is {said} in the settings, and {there} is deployed"
        if self.undeployed:
            return f"deploy {', '.join(self.undeployed)}: they don't know all keys yet"
        return None

    def after(self, step: str) -> tuple[int, ...] | None:
        """Return the numbers that a step leads to; ``None`` if it doesn't start from what the settings say."""
        match step, self.settings:
            case "begin", (only,):
                return (only, only + 1)
            case "switch", (first, second) if second > first:
                return (second, first)
            case "finish", (first, second) if first > second:
                return (first,)
        return None

    def has_taken(self, step: str) -> bool:
        """Tell whether the settings are what a step leads to, as far as they show it."""
        match step, self.settings:
            case "begin", (first, second):
                return second > first
            case "switch", (first, second):
                return first > second
            case "finish", (only,):
                return only > 1
        return False

    def following(self) -> str:
        """Return what is next."""
        if blocker := self.blocker():
            return blocker
        for step in ("switch", "finish"):
            if self.after(step):
                return step
        return "nothing; begin starts a rotation"


def main() -> None:
    """Take the step that the command line names, if its time has come, and say how far the rotation is."""
    parser = command_line.parser(__doc__)
    parser.add_argument("client", metavar="CLIENT", help="name of the client, such as admin")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, about in (
        ("status", "say how far the rotation is"),
        ("begin", "give the client a second key"),
        ("switch", "put the second key into its secret"),
        ("finish", "take the first key away"),
    ):
        step = steps.add_parser(name, help=about)
    step.add_argument(
        "--unused-for",
        type=_hours,
        default=UNUSED_FOR_HOURS,
        metavar="HOURS",
        help="for how long nobody may have used the first key; 0 doesn't look; default: %(default)s",
    )
    arguments = parser.parse_args()
    environment: str = arguments.environment
    with command_line.orderly_end():
        account.check(environment)
        rotation = look(environment, arguments.client)
        if arguments.step != "status":
            rotation = take(environment, rotation, arguments.step, getattr(arguments, "unused_for", 0.0))
        for line in described(rotation):
            print(line)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 24 * 90:
        raise argparse.ArgumentTypeError("must be a number of hours from 0 to 2160")
    return hours


def look(environment: str, client: str) -> Rotation:
    """Return how far the rotation of a client's key is; end the script if there is no such client."""
    outputs = state_bucket.StateBucket(environment).outputs(deployable.NAME)
    if outputs is None or "api_keys" not in outputs:
        terraform.fail(f"{environment} has no API keys: deploy {deployable.NAME} there first")
    if client not in outputs["api_keys"]:
        clients = ", ".join(sorted(outputs["api_keys"]))
        terraform.fail(f"{environment} has no client {client}: its clients are {clients}")
    keys = tuple(
        Key(int(key["name"].partition("/")[2] or 1), key["id"], key["fingerprint"])
        for key in outputs["api_keys"][client]
    )
    lambda_client: LambdaClient = boto3.client("lambda", region_name=terraform.region(environment))
    known = {name: known_by(lambda_client, names.function_in(environment, name)) for name in api_functions()}
    return Rotation(
        client,
        settings(environment).get(client, (1,)),
        keys,
        {key.number: tuple(name for name in known if key.fingerprint not in known[name]) for key in keys},
    )


def api_functions() -> list[str]:
    """Return the functions that answer the API's requests, as terraform/api_routes.tf says."""
    routes = (terraform.ROOT / "api_routes.tf").read_text(encoding="utf-8")
    return sorted(set(re.findall(r'\bfunction\s*=\s*"([a-z-]+)"', routes)))


def known_by(client: LambdaClient, function: str) -> set[str]:
    """Return the fingerprints that a function knows whichever of its versions gets the request."""
    try:
        live = client.get_alias(FunctionName=function, Name="live")
    except client.exceptions.ResourceNotFoundException:
        terraform.fail(f"the function {function} is not there: deploy it first")
    versions = [live["FunctionVersion"], *live.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})]
    known = []
    for version in versions:
        configuration = client.get_function_configuration(FunctionName=function, Qualifier=version)
        known.append(set(json.loads(configuration["Environment"]["Variables"]["API_CLIENTS"])))
    return set.intersection(*known)


# The settings


def settings(environment: str) -> dict[str, tuple[int, ...]]:
    """Return the numbers of each client's valid keys, by its name, as the settings say; most clients aren't named."""
    line = _line(_file(environment).read_text(encoding="utf-8"), environment)
    return {
        client: tuple(int(number) for number in numbers.split(","))
        for client, numbers in re.findall(r"([a-z][a-z0-9-]*) = \[([0-9, ]+)\]", line["value"])
    }


def write(environment: str, numbers: dict[str, tuple[int, ...]]) -> None:
    """Write the numbers of clients' valid keys into the settings, whole or not at all."""
    file = _file(environment)
    text = file.read_text(encoding="utf-8")
    line = _line(text, environment)
    value = ", ".join(f"{client} = {_listed(numbers[client])}" for client in sorted(numbers))
    new = text[: line.start("value")] + ("{ " + value + " }" if value else "{}") + text[line.end("value") :]
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(new, encoding="utf-8")
    unfinished.replace(file)


def _file(environment: str) -> Path:
    return terraform.ROOT / "environments" / f"{environment}.tfvars"


def _line(text: str, environment: str) -> re.Match[str]:
    entry = r"[a-z][a-z0-9-]* = \[[0-9, ]+\]"
    pattern = rf"^{_SETTING}\s*= (?P<value>\{{\}}|\{{ {entry}(, {entry})* \}})$"
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        terraform.fail(
            f"environments/{environment}.tfvars has no line {_SETTING} = {{ admin = [1], … }}, or no plain one"
        )
    return found


def _listed(numbers: Sequence[int]) -> str:
    return "[" + ", ".join(map(str, numbers)) + "]"


# The steps


def take(environment: str, rotation: Rotation, step: str, unused_for: float) -> Rotation:
    """Take a step, unless it was taken already; end the script if its time hasn't come."""
    if rotation.has_taken(step):
        return rotation
    numbers = rotation.after(step)
    if numbers is None:
        terraform.fail(
            f"{step} doesn't follow on {_SETTING} {_listed(rotation.settings)}: next is {rotation.following()}"
        )
    if blocker := rotation.blocker():
        terraform.fail(f"too early: {blocker}")
    if step == "finish" and unused_for:
        check_unused(environment, rotation.keys[1], unused_for)
    write(environment, {**settings(environment), rotation.client: numbers})
    return look(environment, rotation.client)


def check_unused(environment: str, key: Key, hours: float) -> None:
    """End the script if a key was used of late, or if nothing tells."""
    logs: CloudWatchLogsClient = boto3.client("logs", region_name=terraform.region(environment))
    log, now = f"/aws/apigateway/bbws-product-api-{environment}", int(time.time())
    uses = f'fields @timestamp | filter @message like /"keyId":"{key.key_id}"/ | sort @timestamp desc | limit 1'
    try:
        query = logs.start_query(
            logGroupName=log,
            startTime=now - int(hours * 3600),
            # Lines that are as new as this second count too, whichever clock is ahead.
            endTime=now + 60,
            queryString=uses,
        )["queryId"]
    except logs.exceptions.ResourceNotFoundException:
        terraform.fail(f"there is no log {log} to tell whether key {key.number} is still used: see --unused-for")
    while (answer := logs.get_query_results(queryId=query))["status"] in ("Scheduled", "Running"):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if answer["status"] != "Complete":
        terraform.fail(f"the search in {log} ended as {answer['status']}: run this again")
    for row in answer["results"]:
        latest = next(field["value"] for field in row if field["field"] == "@timestamp")
        terraform.fail(f"key {key.number} was used at {latest} UTC: have its client read its secret again")


def described(rotation: Rotation) -> list[str]:
    """Return what to say of a rotation."""
    lines = []
    for place, key in enumerate(rotation.keys):
        where = f"in the secret of {rotation.client}" if place == 0 else "valid too"
        unknown = rotation.unknown[key.number]
        known = "known to all functions" if not unknown else f"unknown to {', '.join(unknown)}"
        lines.append(f"key {key.number} (id {key.key_id}): {where}, {known}")
    return [*lines, f"next: {rotation.following()}"]


if __name__ == "__main__":
    main()
