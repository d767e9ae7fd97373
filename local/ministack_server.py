"""MiniStack, but each response's headers leave together with the first of its body.

The AWS SDK in Terraform's provider closes a request's body as soon as it sees the response's headers. On a busy machine
its own writer may not be done with that body by then; it drops the connection, and a response body that is still under
way is lost. The SDK makes the call again, and a creation that had succeeded fails because the thing exists.

Runs in MiniStack's virtual environment.
"""

from __future__ import annotations

import runpy

import h11
from hypercorn.events import RawData
from hypercorn.protocol.h11 import H11Protocol


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


H11Protocol._send_h11_event = send_together
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
