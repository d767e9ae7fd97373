"""AWS failing on purpose: between botocore and moto, so that botocore's own second attempts are part of what is tried.

A fault happens to a request *before* AWS sees it, or *after*: then AWS has done what was asked, and only its answer is
lost.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest

    # Answers a request, or raises; `None` where botocore is to send it.
    Sender = Callable[[str, AWSPreparedRequest], AWSResponse | None]


class Killed(BaseException):
    """The process ends here, as by SIGKILL: nothing of it runs on."""


@contextmanager
def between(clients: list[Any], sender: Sender) -> Iterator[None]:
    """Put a sender in moto's place for the requests of some clients.

    It is called with the operation, such as ``sqs.SendMessage``, and the request.
    """

    def send(event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        return sender(event_name.removeprefix("before-send."), request)

    for client in clients:
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register("before-send", send)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-send", send)
            client.meta.events.register("before-send", botocore_stubber)


def to_moto(operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
    """Have moto answer a request."""
    return botocore_stubber(f"before-send.{operation}", request)


def refusal(operation: str, request: AWSPreparedRequest, status: int, code: str, **more: object) -> AWSResponse:
    """Return an error as the operation's service answers it."""
    if operation.startswith("s3."):
        body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
    else:
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "refused", **more})
    return AWSResponse(request.url, status, {}, MockRawResponse(body))  # type: ignore[arg-type]


def _cancelled(operation: str, request: AWSPreparedRequest, reason: str) -> AWSResponse:
    reasons = [{"Code": "None"}, {"Code": reason}]
    return refusal(operation, request, 400, "TransactionCanceledException", CancellationReasons=reasons)


def _throttled(operation: str, request: AWSPreparedRequest) -> AWSResponse:
    status, code = (503, "SlowDown") if operation.startswith("s3.") else (400, "ThrottlingException")
    return refusal(operation, request, status, code)


def _broken(operation: str, request: AWSPreparedRequest) -> AWSResponse:
    return refusal(operation, request, 500, "InternalError")


def _timed_out(operation: str, request: AWSPreparedRequest) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=request.url)


def _reset(operation: str, request: AWSPreparedRequest) -> AWSResponse:
    raise ConnectionClosedError(endpoint_url=request.url)


def _killed(operation: str, request: AWSPreparedRequest) -> AWSResponse:
    raise Killed


# What may befall any request, before AWS sees it or after.
FAULTS: dict[str, Sender] = {
    "5xx": _broken,
    "time-out": _timed_out,
    "connection reset": _reset,
    "killed": _killed,
}
# What AWS answers only when it has done nothing.
FAULTS_BEFORE: dict[str, Sender] = {"throttled": _throttled}
# The same, to certain calls alone.
FAULTS_OF_CALLS: dict[str, dict[str, Sender]] = {
    "dynamodb.TransactWriteItems": {
        "transaction conflict": lambda operation, request: _cancelled(operation, request, "TransactionConflict"),
        "cancelled": lambda operation, request: _cancelled(operation, request, "ThrottlingError"),
    },
    "s3.PutObject": {
        "conditional request conflict": lambda operation, request: refusal(
            operation, request, 409, "ConditionalRequestConflict"
        )
    },
}


@dataclass(frozen=True)
class Fault:
    """One fault, which befalls one call and perhaps botocore's second attempt at it.

    Attributes
    ----------
    call : str
        The call's operation and, of SQS, its queue: ``sqs.SendMessage bbws-product-audit-local``.
    occurrence : int
        Which of those calls: 1, 2, …
    kind : str
        A name in the tables above.
    after : bool
        Whether AWS does what is asked first.
    attempts : int
        How many requests in a row it befalls: 1, and botocore's second attempt gets through; 2, and the call fails.
    """

    call: str
    occurrence: int
    kind: str
    after: bool
    attempts: int

    def __str__(self) -> str:
        when = "after" if self.after else "before"
        return f"{self.kind} {when} {self.call} {self.occurrence}, {self.attempts} in a row"


def faults_of(calls: dict[str, int]) -> list[Fault]:
    """Return every fault that may befall calls.

    Parameters
    ----------
    calls : dict
        How often each call is made.
    """
    faults = []
    for call, times in calls.items():
        kinds = [(kind, after) for kind in FAULTS for after in (False, True)]
        kinds += [(kind, False) for kind in (*FAULTS_BEFORE, *FAULTS_OF_CALLS.get(call, {}))]
        for occurrence in range(1, times + 1):
            for kind, after in kinds:
                faults += [Fault(call, occurrence, kind, after, attempts) for attempts in (1, 2)]
    return faults


def call_of(operation: str, request: AWSPreparedRequest) -> str:
    """Return the name of a request's call: its operation and, of SQS, its queue."""
    if not operation.startswith("sqs."):
        return operation
    queue = str(json.loads(request.body or b"{}").get("QueueUrl", "")).rpartition("/")[2]
    return f"{operation} {queue}"


@dataclass
class FaultyAws:
    """AWS with one fault in it, or with none; counts the requests it gets.

    Attributes
    ----------
    requests : dict
        How many requests of each call came, second attempts included.
    happened : int
        How many of them the fault befell.
    """

    fault: Fault | None = None
    requests: dict[str, int] = field(default_factory=dict)
    happened: int = 0

    def send(self, operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
        """Answer a request, unless the fault befalls it."""
        call = call_of(operation, request)
        number = self.requests[call] = self.requests.get(call, 0) + 1
        fault = self.fault
        if fault is None or call != fault.call or not 0 <= number - fault.occurrence < fault.attempts:
            return to_moto(operation, request)
        self.happened += 1
        if fault.after:
            to_moto(operation, request)
        return {**FAULTS, **FAULTS_BEFORE, **FAULTS_OF_CALLS.get(call, {})}[fault.kind](operation, request)
