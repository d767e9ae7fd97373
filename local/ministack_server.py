"""MiniStack, but for three things.

Each response's headers leave together with the first of its body. The AWS SDK in Terraform's provider closes a
request's body as soon as it sees the response's headers. On a busy machine its own writer may not be done with that
body by then; it drops the connection, and a response body that is still under way is lost. The SDK makes the call
again, and a creation that had succeeded fails because the thing exists.

The answers that API Gateway gives without a function (MOCK integrations) name the request's id where they are to.

Where Lambda says that a version's code can be fetched, it is that version's, not the newest.

Runs in MiniStack's virtual environment.
"""

from __future__ import annotations

import json
import runpy
import uuid

import h11
from hypercorn.events import RawData
from hypercorn.protocol.h11 import H11Protocol
from ministack.services import apigateway_v1, lambda_svc

answer_without_a_function = apigateway_v1._invoke_mock_v1
get_function = lambda_svc._get_function


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


def get_function_of_version(name: str, qualifier: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """Return the answer of GetFunction, with the version in the address of its code."""
    status, headers, body = get_function(name, qualifier)
    answer = json.loads(body)
    if qualifier and "Location" in answer.get("Code", {}):
        answer["Code"]["Location"] = answer["Code"]["Location"].replace(f"/{name}?", f"/{name}:{qualifier}?")
        body = json.dumps(answer).encode()
    return status, headers, body


def serve_code_of_version(name: str, account_id: str, region: str) -> tuple[int, dict[str, str], bytes]:
    """Return the package at such an address."""
    name, _, qualifier = name.partition(":")
    function = lambda_svc._functions.get_scoped(account_id, region, name)
    record, _ = lambda_svc._effective_func_record_for_qualifier(function, qualifier or None)
    if record is None:
        return 404, {"Content-Type": "text/plain"}, b"no such version"
    return 200, {"Content-Type": "application/zip"}, record["code_zip"] or b""


H11Protocol._send_h11_event = send_together
apigateway_v1._invoke_mock_v1 = name_the_request
lambda_svc._get_function = get_function_of_version
lambda_svc.serve_function_code = serve_code_of_version
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
