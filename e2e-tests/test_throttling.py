"""A client that sends faster than its usage plan allows."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused

if TYPE_CHECKING:
    import requests
    from product_api import ProductApi

MOST_REQUESTS = 2_000
AT_ONCE = 16


def test_client_above_its_rate_is_told_when_to_try_again(writer: ProductApi) -> None:
    def send(_: int) -> requests.Response:
        # A method that isn't there: the gateway answers it alone, so no function limits the rate.
        return writer.send("PATCH", patient=False)

    started = time.monotonic()
    sent = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while sent < MOST_REQUESTS:
            responses = list(pool.map(send, range(10 * AT_ONCE)))
            sent += len(responses)
            throttled = [response for response in responses if response.status_code == 429]
            if throttled:
                answer = assert_refused(throttled[0], 429, "TooManyRequests")
                assert answer["requestId"] == throttled[0].headers["X-Request-Id"]
                assert throttled[0].headers["Cache-Control"] == "no-store"
                assert int(throttled[0].headers["Retry-After"]) >= 1
                assert {response.status_code for response in responses} <= {405, 429}
                return
    pytest.skip(f"not one of {sent} requests was too many, at {sent / (time.monotonic() - started):.0f} a second")
