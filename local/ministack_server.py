"""MiniStack, but for five things.

Each response's headers leave together with the first of its body. The AWS SDK in Terraform's provider closes a
request's body as soon as it sees the response's headers. On a busy machine its own writer may not be done with that
body by then; it drops the connection, and a response body that is still under way is lost. The SDK makes the call
again, and a creation that had succeeded fails because the thing exists.

The answers that API Gateway gives without a function (MOCK integrations) name the request's id where they are to.

An answer of a function that can have no body (204, 304) declares no type of one.

Where Lambda says that a version's code can be fetched, it is that version's, not the newest.

Policies may ask of a write to S3 whether it has the header If-None-Match.

Strangers are kept out (`refusal`): pages in the developer's browser, and other users of the computer.

Runs in MiniStack's virtual environment.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import runpy
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import h11
from hypercorn.events import RawData
from hypercorn.protocol.h11 import H11Protocol
from ministack import app as ministack_app
from ministack.core import iam_actions
from ministack.core.iam_evaluator import is_root_access_key
from ministack.core.router import extract_access_key_id
from ministack.services import apigateway_v1, lambda_svc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]

# Not for the functions, which inherit the rest of the environment.
ROOT_TOKEN = os.environ.pop("ROOT_TOKEN")
PORT = os.environ["GATEWAY_PORT"]

HOST = re.compile(rf"(([^:]+\.)?localhost|127\.0\.0\.1|\[::1\]):{PORT}")
# What is meant for everybody: an API of API Gateway, which has keys of its own.
API_CALL = re.compile(r"/restapis/[^/]+/[^/]+/_user_request_(/.*)?", re.DOTALL)
FEDERATED = "AssumeRoleWithWebIdentity"
READY = "/_ministack/ready"
PACKAGE = "/_ministack/lambda-code/"

serve = ministack_app.app
answer_without_a_function = apigateway_v1._invoke_mock_v1
answer_of_a_function = apigateway_v1._invoke_lambda_proxy_v1
get_function = lambda_svc._get_function
object_conditions = iam_actions._s3_object_context


async def send_together(self: H11Protocol, event: h11.Event) -> None:
    """Send an event of a response, the headers only with what follows them."""
    try:
        data = self.connection.send(event) or b""
    except h11.LocalProtocolError:
        if self.connection.their_state != h11.ERROR:
            raise
        return
    held = getattr(self, "held_headers", b"")
    if isinstance(event, h11.Response):
        self.held_headers = data
    elif held or data:
        self.held_headers = b""
        await self.send(RawData(data=held + data))


def name_the_request(integration: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    """Return the answer of a MOCK integration, with the request's id for the variable that stands for it."""
    request_id = str(uuid.uuid4())
    status, headers, body = answer_without_a_function(integration)
    named = {name: request_id if value == "context.requestId" else value for name, value in headers.items()}
    return status, named, body.replace(b"$context.requestId", request_id.encode())


async def answer_as_it_is(*request: object, **more: object) -> tuple[int, dict[str, str], bytes]:
    """Return the answer of a function, without a type where it has no body."""
    status, headers, body = await answer_of_a_function(*request, **more)
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return status, headers, body


def get_function_of_version(name: str, qualifier: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """Return the answer of GetFunction, with the version in the address of its code."""
    status, headers, body = get_function(name, qualifier)
    answer = json.loads(body)
    if qualifier and "Location" in answer.get("Code", {}):
        answer["Code"]["Location"] = answer["Code"]["Location"].replace(f"/{name}?", f"/{name}:{qualifier}?")
    if "Location" in answer.get("Code", {}):
        address = answer["Code"]["Location"]
        answer["Code"]["Location"] = f"{address}&signature={signature(unquote(urlsplit(address).path))}"
        body = json.dumps(answer).encode()
    return status, headers, body


def object_conditions_with_precondition(
    action: str, query: dict[str, object], path: str, headers: dict[str, str]
) -> dict[str, str]:
    """Return the condition keys of a request for an object, with that of the header If-None-Match."""
    known: dict[str, str] = object_conditions(action, query, path, headers)
    precondition = headers.get("if-none-match")
    return known | ({"s3:if-none-match": precondition} if action == "s3:PutObject" and precondition else {})


def serve_code_of_version(name: str, account_id: str, region: str) -> tuple[int, dict[str, str], bytes]:
    """Return the package at such an address."""
    name, _, qualifier = name.partition(":")
    function = lambda_svc._functions.get_scoped(account_id, region, name)
    record, _ = lambda_svc._effective_func_record_for_qualifier(function, qualifier or None)
    if record is None:
        return 404, {"Content-Type": "text/plain"}, b"no such version"
    return 200, {"Content-Type": "application/zip"}, record["code_zip"] or b""


def signature(path: str) -> str:
    """Return what shows that the address of a package was given out here."""
    return hmac.new(ROOT_TOKEN.encode(), path.encode(), "sha256").hexdigest()


def refusal(path: str, headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str | None:
    """Return why a request is refused, or ``None``.

    A page of another origin gives itself away by `Origin` or `Sec-Fetch-Site`, which no page can leave out or change,
    and one whose host's name was made to mean this computer by its `Host`. Whoever signs as the account's root, or not
    at all, which MiniStack takes for the same, must know the token; it checks everybody else's signature itself.
    """
    if not HOST.fullmatch(headers.get("host", "")):
        return "this is not the host that was asked for"
    if API_CALL.fullmatch(path):
        return None
    if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "pages of other origins may call APIs alone"
    if path == READY:
        return None
    if path.startswith(PACKAGE):
        return None if same(query.get("signature", [""])[0], signature(path)) else "the address has no signature"
    if not is_root_access_key(extract_access_key_id(headers, query) or ""):
        return None
    token = headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token", [""])[0]
    return None if same(token, ROOT_TOKEN) else "the root user's session token is missing or wrong"


def same(one: str, other: str) -> bool:
    """Tell whether two texts are the same, in a time that doesn't tell how much of them is."""
    return hmac.compare_digest(one.encode(), other.encode())


def may_be_federated(scope: Message, headers: Mapping[str, str]) -> bool:
    """Tell whether a request may be for credentials in exchange for an identity token, as a workflow makes it."""
    return (
        (scope["method"], scope["path"], scope["query_string"]) == ("POST", "/", b"")
        and HOST.fullmatch(headers.get("host", "")) is not None
        and headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        and headers.keys().isdisjoint({"authorization", "origin", "sec-fetch-site", "x-amz-target"})
    )


async def read_ahead(receive: Receive) -> tuple[bytes, Receive]:
    """Return a request's body, and what gives it to whoever serves the request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    ahead = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> Message:
        return next(ahead, None) or await receive()

    return body, again


async def guarded(scope: Message, receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
    """Serve a request unless it is a stranger's."""
    if scope["type"] == "lifespan":
        await serve(scope, receive, send)
        return
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    query = parse_qs(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
    if scope["type"] == "http" and may_be_federated(scope, headers):
        body, receive = await read_ahead(receive)
        if parse_qs(body.decode("utf-8", "replace")).get("Action") == [FEDERATED]:
            # Nobody signs this: the identity token in it is what counts.
            await serve(scope, receive, send)
            return
    # No part of this service has WebSockets.
    why = "no WebSockets here" if scope["type"] == "websocket" else refusal(scope["path"], headers, query)
    if why is None:
        await serve(scope, receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        body = json.dumps({"__type": "AccessDeniedException", "message": f"refused by the local AWS: {why}"}).encode()
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


ministack_app.app = guarded
H11Protocol._send_h11_event = send_together
apigateway_v1._invoke_mock_v1 = name_the_request
apigateway_v1._invoke_lambda_proxy_v1 = answer_as_it_is
iam_actions._s3_object_context = object_conditions_with_precondition
lambda_svc._get_function = get_function_of_version
lambda_svc.serve_function_code = serve_code_of_version
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
