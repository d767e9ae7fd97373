"""GET /v1.0/products/{productId} and GET /v1.0/products/{productId}/changes: one product, and its history."""

from __future__ import annotations

import history
import history_request
from common import api, aws, configuration
from common.api_clients import ApiClients
from common.change_record import public_record
from common.conditions import Conditions
from common.entity_tags import content_tag, entity_tag
from common.errors import Forbidden
from common.product import public
from common.product_lookup import active_product
from common.product_table import ProductTable
from common.query_parameters import refuse_all

HISTORY_ROUTE = "/v1.0/products/{productId}/changes"

TABLE = ProductTable(aws.client("dynamodb"), configuration.required("TABLE_NAME"))
CLIENTS = ApiClients(configuration.required("API_CLIENTS"))


@api.http_handler(allowed_origins=configuration.required_list("ALLOWED_ORIGINS"))
def handler(request: api.Request) -> api.Response:
    """Answer with the product, or with its history."""
    return _history(request) if request.route == HISTORY_ROUTE else _product(request)


def _product(request: api.Request) -> api.Response:
    """Answer with the product, unless there is none, it is withdrawn, or not the one that the caller wants."""
    product_id = request.product_id()
    refuse_all(request.query)
    conditions = Conditions.of(request)
    product = active_product(TABLE, product_id)
    return conditions.read(entity_tag(product["version"]), {"product": public(product)})


def _history(request: api.Request) -> api.Response:
    """Answer with a page of the product's history, or with one change; both are for writers only."""
    if not CLIENTS.client_of(request).is_writer:
        raise Forbidden("the API key may not read the history of products")
    product_id = request.product_id()
    wanted = history_request.read(request.query)
    conditions = Conditions.of(request)
    if wanted.change_id is not None:
        record = history.change(TABLE, product_id, wanted.change_id, wanted.wait, request.stopwatch)
        found = history.Page([record], None, None)
    else:
        found = history.page(TABLE, product_id, wanted.limit, wanted.cursor)
    body = {
        "changes": [public_record(record) for record in found.records],
        "count": len(found.records),
        "nextCursor": found.next_cursor,
        "archivedThrough": found.archived_through,
    }
    return conditions.read(content_tag(body), body)
