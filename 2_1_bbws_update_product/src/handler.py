"""PUT /v1.0/products/{productId}: asks for a change to some of a product's fields."""

from __future__ import annotations

from common import api, aws, configuration
from common.accepted import accepted
from common.api_clients import ApiClients
from common.attribution import attribution
from common.awaited import applied
from common.change import ChangeQueue
from common.conditions import Conditions
from common.product import public
from common.product_fields import product_changes
from common.product_table import ProductTable
from common.query_parameters import refuse_all
from partial_update import request_update

TABLE = ProductTable(aws.client("dynamodb"), configuration.required("TABLE_NAME"))
QUEUE = ChangeQueue(aws.client("sqs"), configuration.required("CHANGE_QUEUE_URL"))
CLIENTS = ApiClients(configuration.required("API_CLIENTS"))


@api.http_handler(allowed_origins=configuration.required_list("ALLOWED_ORIGINS"))
def handler(request: api.Request) -> api.Response:
    """Accept the change; it shows once the creator has applied it, for which the caller may wait."""
    client = CLIENTS.writer_of(request)
    product_id = request.product_id()
    refuse_all(request.query)
    conditions = Conditions.of(request)
    stated = attribution(request)
    fields = product_changes(request.json_object())
    change = request_update(
        TABLE,
        QUEUE,
        product_id,
        fields,
        conditions=conditions,
        requested_by=client.name,
        request_id=request.request_id,
        attribution=stated,
    )
    made = applied(request, TABLE, change)
    if made is None:
        return accepted(request, change)
    return api.Response(200, {"product": public(made.product)}, made.headers)
