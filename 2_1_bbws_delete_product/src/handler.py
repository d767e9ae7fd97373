"""DELETE /v1.0/products/{productId}: asks for a product to be withdrawn."""

from __future__ import annotations

from common import api, aws, configuration
from common.api_clients import ApiClients
from common.attribution import attribution
from common.awaited import applied
from common.change import ChangeQueue
from common.conditions import Conditions
from common.product_table import ProductTable
from common.query_parameters import refuse_all
from withdrawal import request_withdrawal

TABLE = ProductTable(aws.client("dynamodb"), configuration.required("TABLE_NAME"))
QUEUE = ChangeQueue(aws.client("sqs"), configuration.required("CHANGE_QUEUE_URL"))
CLIENTS = ApiClients(configuration.required("API_CLIENTS"))


@api.http_handler(allowed_origins=configuration.required_list("ALLOWED_ORIGINS"))
def handler(request: api.Request) -> api.Response:
    """Accept the withdrawal; the product is gone once the creator has applied it, for which the caller may wait."""
    client = CLIENTS.writer_of(request)
    product_id = request.product_id()
    refuse_all(request.query)
    change = request_withdrawal(
        TABLE,
        QUEUE,
        product_id,
        conditions=Conditions.of(request),
        requested_by=client.name,
        request_id=request.request_id,
        attribution=attribution(request),
    )
    made = applied(request, TABLE, change)
    return api.Response(204, headers={"X-Change-Id": change["changeId"]} if made is None else made.headers)
