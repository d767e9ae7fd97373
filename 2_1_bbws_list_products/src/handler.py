"""GET /v1.0/products: a page of products, sorted and searched by the table's indexes."""

from __future__ import annotations

import listing
from common import api, aws, configuration
from common.api_clients import ApiClients
from common.conditions import Conditions
from common.entity_tags import content_tag
from common.errors import Forbidden
from common.product import LISTED_ATTRIBUTES, public
from product_index import page

DYNAMODB = aws.client("dynamodb")
TABLE_NAME = configuration.required("TABLE_NAME")
CLIENTS = ApiClients(configuration.required("API_CLIENTS"))


@api.http_handler(allowed_origins=configuration.required_list("ALLOWED_ORIGINS"))
def handler(request: api.Request) -> api.Response:
    """Answer with a page, unless the caller has it already; withdrawn products are for writers only."""
    client = CLIENTS.client_of(request)
    wanted = listing.read(request.query)
    conditions = Conditions.of(request)
    if not wanted.active and not client.is_writer:
        raise Forbidden("the API key may not list withdrawn products (active=false)")
    found = page(DYNAMODB, TABLE_NAME, wanted)
    body = {
        "products": [public(product, LISTED_ATTRIBUTES) for product in found.products],
        "count": len(found.products),
        "nextCursor": found.next_cursor,
    }
    return conditions.read(content_tag(body), body)
