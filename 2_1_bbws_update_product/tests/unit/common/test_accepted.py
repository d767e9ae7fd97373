"""The answer to a queued change."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from common.accepted import accepted
from common.api import Request
from common.change import new_change

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
CHANGE = new_change("UPDATE", PRODUCT_ID, {"active": True}, requested_by="admin", request_id="r-1")


def test_gives_the_ids_to_ask_after(api_event):
    answer = accepted(Request.from_event(api_event("PUT", PRODUCT_ID)), CHANGE)

    assert answer.status == 202
    assert answer.body == {"productId": PRODUCT_ID, "changeId": CHANGE["changeId"], "status": "ACCEPTED"}


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("root", ["https://id.execute-api.example/dev/", "https://api.example/", "http://host/a/b/c/"])
@pytest.mark.parametrize(
    ("method", "product_id", "path"),
    [("POST", None, "v1.0/products"), ("PUT", PRODUCT_ID, f"v1.0/products/{PRODUCT_ID}")],
)
def test_location_leads_to_the_product_under_whatever_address_the_api_has(
    api_event, root, method, product_id, path, end
):
    event = api_event(method, product_id)
    event["path"] += end
    location = accepted(Request.from_event(event), CHANGE).headers["Location"]

    assert urljoin(root + path + end, location) == f"{root}v1.0/products/{PRODUCT_ID}"
