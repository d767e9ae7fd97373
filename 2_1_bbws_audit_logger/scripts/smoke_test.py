#!/usr/bin/env python3
"""Tries what is deployed in one environment, through the API as callers do.

    smoke_test.py ENVIRONMENT
    smoke_test.py ENVIRONMENT --version N      invokes a version of the function directly; `live` is the alias

What is tried is in smoke_test.json. Its requests and its invocation change nothing: they read, are refused, or are of a
message that waits in vain. Its life is that of a product made for the purpose, which is withdrawn at the end, whatever
happens. In prod, where audit records can't be removed, no product is made.

The first request to a route may find the function cold, or a permission that isn't seen everywhere yet. Then the
gateway's time-outs and 500, 502, 503 and 504 are no failure if a later request is answered; once a route has answered,
they are. An invocation that lacks a permission is repeated for a while as well. The keys come from Secrets Manager.
"""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from deployment import account, command_line, deployable, infrastructure, names, terraform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PLAN = Path(__file__).resolve().parent / "smoke_test.json"

# Where a product may be made.
WITH_LIFE = frozenset({"local", "dev", "sit"})
# Who has to be there for a product to live, beside the function itself.
NEEDED = frozenset({"create-product", "get-product", "delete-product", "product-creator", "audit-logger"})

# A cold start takes some seconds, and a new process may be needed at every step of a change's way. IAM takes some until
# a permission is seen everywhere.
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.5
# The gateway's own limit is 29 s.
_ANSWER_SECONDS = 35

_NO_ANSWER = 0
# The gateway answers 500 until it is permitted to invoke a function.
_NOT_YET_STARTED = frozenset({_NO_ANSWER, 500, 502, 503, 504})

# How AWS's services say that a permission is missing.
_DENIED = re.compile(r"AccessDenied|not authorized to perform")


class Failed(Exception):
    """Something answered otherwise than expected."""


class NotPermitted(Failed):
    """The function lacks a permission, which is no fault of its code."""


@dataclass(frozen=True)
class Answer:
    """What the API answered; `status` 0 if it didn't, with the reason as `body`."""

    status: int
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        said = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return f"{self.status or 'nothing'} {said[:500]}"


def main() -> None:
    """Try it; exit status 1 if something isn't as expected."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--version", metavar="N", help="invoke this version, or the alias `live`, directly")
    arguments = parser.parse_args()

    with command_line.orderly_end():
        account.check(arguments.environment)
        try:
            if arguments.version:
                invoke(arguments.environment, arguments.version)
            else:
                through_api(arguments.environment)
                print(f"{deployable.NAME}: {arguments.environment} answers as expected")
        except Failed as failed:
            terraform.fail(str(failed))


def invoke(environment: str, version: str) -> None:
    """Invoke a version of the function directly.

    Parameters
    ----------
    version
        Its number, or an alias.

    Raises
    ------
    NotPermitted
        If it lacks a permission, and still does after a while.
    Failed
        If its answer isn't the expected one.
    """
    moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    smoke = _filled(_plan()["invocation"], {"now": moment})
    event = smoke["event"]
    if "client" in smoke:
        event["headers"] = {**event["headers"], "x-api-key": Keys(environment)[smoke["client"]]}
    name = _function(deployable.NAME, environment)
    # Lambda runs a function for 30 s at most. Another attempt would be another invocation.
    config = Config(read_timeout=60, retries={"total_max_attempts": 1})
    client = boto3.client("lambda", region_name=terraform.region(environment), config=config)
    began = time.monotonic()
    may_time_out = True
    denied = False
    while True:
        started = time.monotonic()
        answer = client.invoke(FunctionName=name, Qualifier=version, LogType="Tail", Payload=json.dumps(event).encode())
        now = time.monotonic()
        shown = json.loads(answer["Payload"].read())
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        if "FunctionError" in answer and "timed out" in str(shown) and may_time_out:
            print(f"{name}: version {version} ran out of time when it started cold: invoking it once more")
            may_time_out = False
            continue
        wrong = _wrong("FunctionError" in answer, shown, log, smoke)
        if wrong and _DENIED.search(f"{shown} {log}"):
            if now - began >= PATIENCE_SECONDS:
                raise NotPermitted(f"{name}, version {version}, {wrong}")
            if not denied:
                print(f"{name}: version {version} lacks a permission, which may not be seen yet: invoking it again")
                denied = True
            time.sleep(PAUSE_SECONDS)
            continue
        break
    if wrong:
        raise Failed(f"{name}, version {version}, {wrong}")
    cold = re.search(r"Init Duration: ([0-9.]+) ms", log)
    start = f", {float(cold[1]):.0f} ms of it a cold start" if cold else ""
    print(f"{name}: version {version} answers as expected in {(now - started) * 1000:.0f} ms{start}")


def _wrong(crashed: bool, shown: Any, log: str, smoke: Mapping[str, Any]) -> str:
    """Return what is wrong with what an invocation came to; empty if nothing is."""
    if crashed or not matches(shown, smoke["expected"]):
        return f"answered {json.dumps(shown)}, expected {json.dumps(smoke['expected'])}"
    # A message goes back for many reasons. The local stand-in for Lambda shows no log.
    if log and smoke.get("logged", "") not in log:
        return f"answered as expected, but without {smoke['logged']} in its log, which ends: {log}"
    return ""


def through_api(environment: str) -> bool:
    """Send the requests, and let a product live where one may be made.

    Returns
    -------
    bool
        False if its life could not be tried, because other functions aren't there yet.

    Raises
    ------
    Failed
        If an answer isn't the expected one.
    """
    plan = _plan()
    api = Api(infrastructure.api_url(environment), Keys(environment))
    for request in plan.get("requests", []):
        api.expect(request, settling=plan.get("settlesWithinSeconds", 0))
    if "life" not in plan or environment not in WITH_LIFE:
        return True
    own = deployable.NAME.removeprefix("2_1_bbws_").replace("_", "-")
    missing = [name for name in sorted({own, *NEEDED}) if not _is_deployed(name, environment)]
    if missing:
        print(f"a product's life is not tried: {', '.join(missing)} not deployed yet. Then run this again")
        return False
    Life(environment, api, own).live(plan["life"])
    return True


class Keys:
    """The API keys of an environment, by client."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._known: dict[str, str] = {}

    def __getitem__(self, client: str) -> str:
        if client not in self._known:
            secrets = boto3.client("secretsmanager", region_name=terraform.region(self._environment))
            name = f"bbws/product-api/{self._environment}/{client}"
            try:
                self._known[client] = secrets.get_secret_value(SecretId=name)["SecretString"]
            except secrets.exceptions.ResourceNotFoundException:
                terraform.fail(f"there is no secret {name}: deploy {infrastructure.REPOSITORY} first")
        return self._known[client]


class Api:
    """The API of an environment.

    Parameters
    ----------
    url
        Its address, up to and including the version.
    """

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = url
        self._keys = keys
        # Routes that have answered: what runs them isn't cold any more.
        self._warm: set[tuple[str, str]] = set()

    def expect(
        self, request: Mapping[str, Any], values: Mapping[str, str] | None = None, settling: float = 0
    ) -> Answer:
        """Send a request, print how it went, and return its answer.

        Parameters
        ----------
        request
            As smoke_test.json has it: ``says``, ``method``, ``path``, perhaps ``client``, ``headers``, ``body``; and
            ``expected``.
        values
            What stands for ``{name}`` in it.
        settling
            For how many seconds another answer isn't a failure yet, because the expected one may still come.

        Raises
        ------
        Failed
            If the answer isn't the expected one.
        """
        request = _filled(request, values or {})
        method, path, expected = request["method"], request["path"], request["expected"]
        route = (method, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{id}", path.partition("?")[0]))
        began = time.monotonic()
        attempts = 0
        while True:
            started = time.monotonic()
            answer = self._send(request)
            now = time.monotonic()
            attempts += 1
            if matches({"status": answer.status, "headers": answer.headers, "body": answer.body}, expected):
                break
            starting = answer.status in _NOT_YET_STARTED and route not in self._warm
            patience = PATIENCE_SECONDS if starting else settling if answer.status < 500 else 0
            if now - began >= patience:
                waited = f" after {attempts} attempts in {now - began:.0f} s" if attempts > 1 else ""
                raise Failed(
                    f"{request['says']}: {method} {path} got {answer}{waited}, expected {json.dumps(expected)}"
                )
            if not starting:
                self._warm.add(route)
            time.sleep(PAUSE_SECONDS)
        cold = f", after {now - began:.1f} s and {attempts} attempts" if attempts > 1 else ""
        print(f"{request['says']}: {method} {path} got {answer.status} in {(now - started) * 1000:.0f} ms{cold}")
        self._warm.add(route)
        return answer

    def _send(self, request: Mapping[str, Any]) -> Answer:
        headers = dict(request.get("headers", {}))
        body = None
        if "client" in request:
            headers["x-api-key"] = self._keys[request["client"]]
        if "body" in request:
            headers["content-type"] = "application/json"
            body = json.dumps(request["body"]).encode()
        sent = urllib.request.Request(  # noqa: S310  the address is the deployment's own
            self._url + request["path"], method=request["method"], data=body, headers=headers
        )
        try:
            with urllib.request.urlopen(sent, timeout=_ANSWER_SECONDS) as response:  # noqa: S310
                return _answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            return _answer(error.code, dict(error.headers), error.read())
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            return Answer(_NO_ANSWER, {}, str(error))


class Life:
    """The life of a product that is made for this test.

    Parameters
    ----------
    own
        The name of the function that it is about.
    """

    def __init__(self, environment: str, api: Api, own: str) -> None:
        self._environment = environment
        self._api = api
        # Of characters that a query can hold as they are.
        self._values = {"name": f"Smoke-test-of-{own}-{uuid.uuid4().hex[:12]}", "productId": "", "changeId": ""}

    def live(self, steps: list[dict[str, Any]]) -> None:
        """Make a product, take the steps, and withdraw the product in the end, whatever happens."""
        created = self._expect(
            {
                "says": "a product is created",
                "client": "admin",
                "method": "POST",
                "path": "/products",
                # A second attempt makes no second product.
                "headers": {"Idempotency-Key": "{name}"},
                "body": {
                    "name": "{name}",
                    "description": "Made by a smoke test, and withdrawn by it",
                    "price": 1,
                    "billingCycle": "monthly",
                },
                "expected": {"status": 202},
            }
        )
        self._values |= {name: created.body[name] for name in ("productId", "changeId")}
        try:
            self._expect(_shown("it is applied", 200), settling=PATIENCE_SECONDS)
            for step in steps:
                if "auditObjects" in step:
                    self._await_audit(step)
                else:
                    self._expect(step, settling=PATIENCE_SECONDS if step["method"] == "GET" else 0)
        except BaseException as error:
            print(f"withdrawing product {self._values['productId']}, because something went wrong")
            self._withdraw(str(error))
            raise
        self._withdraw()
        self._expect(_shown("it is gone", 404), settling=PATIENCE_SECONDS)

    def _withdraw(self, former: str = "") -> None:
        withdrawal = {
            "says": "it is withdrawn",
            "client": "admin",
            "method": "DELETE",
            "path": "/products/{productId}",
            "expected": {"status": 204},
        }
        try:
            # Until it is applied, it isn't there to be withdrawn.
            self._expect(withdrawal, settling=PATIENCE_SECONDS)
        except Failed as failed:
            failures = ". ".join(filter(None, [former, str(failed)]))
            raise Failed(f"{failures}. Withdraw product {self._values['productId']} by hand") from None

    def _expect(self, step: Mapping[str, Any], settling: float = 0) -> Answer:
        return self._api.expect(step, self._values, settling)

    def _await_audit(self, step: Mapping[str, Any]) -> None:
        bucket = infrastructure.output(self._environment, "audit_bucket_name")
        s3 = boto3.client("s3", region_name=terraform.region(self._environment))
        today = datetime.now(UTC)
        # Objects are filed under the day of the change, which may be over by now. What their keys begin with is said
        # anew here: the writer's own module would find what it files wrongly, too.
        prefixes = [f"{day:%Y/%m/%d}/{self._values['productId']}_" for day in (today, today - timedelta(hours=1))]

        def found() -> int:
            counts = (s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] for prefix in prefixes)
            return int(max(counts))

        began = time.monotonic()
        if not _becomes_true(lambda: found() >= step["auditObjects"]):
            raise Failed(
                f"{step['says']}: {found()} objects of {self._values['productId']} in {bucket} after "
                f"{PATIENCE_SECONDS:.0f} s, expected {step['auditObjects']}"
            )
        print(f"{step['says']}: in {bucket} after {time.monotonic() - began:.1f} s")


def matches(found: Any, expected: Any) -> bool:
    """Tell whether something holds what is expected; an object may hold more than that."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            name in found and matches(found[name], value) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(matches(*pair) for pair in zip(found, expected, strict=True))
        )
    return bool(found == expected)


def _plan() -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(PLAN.read_text(encoding="utf-8"))
    return plan


def _function(repository_name: str, environment: str) -> str:
    return names.function_in(environment, names.function_of(repository_name))


def _is_deployed(name: str, environment: str) -> bool:
    client = boto3.client("lambda", region_name=terraform.region(environment))
    try:
        client.get_alias(FunctionName=names.function_in(environment, name), Name="live")
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _shown(says: str, status: int) -> dict[str, Any]:
    path = "/products/{productId}"
    return {"says": says, "client": "storefront", "method": "GET", "path": path, "expected": {"status": status}}


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """Return a copy with values for the names in braces in every text."""
    if isinstance(template, dict):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    if isinstance(template, str):
        for name, value in values.items():
            template = template.replace(f"{{{name}}}", value)
    return template


def _answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    text = content.decode(errors="replace")
    try:
        body = json.loads(text) if text else None
    except ValueError:
        body = text
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


def _becomes_true(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


if __name__ == "__main__":
    main()
