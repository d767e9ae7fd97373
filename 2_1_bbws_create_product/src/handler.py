"""POST /v1.0/products: asks for a new product."""

from __future__ import annotations

from common import api, aws, configuration
from common.accepted import accepted, location
from common.api_clients import ApiClients
from common.attribution import attribution
from common.awaited import applied
from common.change import ChangeQueue
from common.conditions import Conditions
from common.errors import ValidationError
from common.product import public
from common.product_fields import new_product
from common.product_table import ProductTable
from common.query_parameters import refuse_all
from creation import repeated_creation, request_creation
from idempotency import idempotency_key

TABLE = ProductTable(aws.client("dynamodb"), configuration.required("TABLE_NAME"))
QUEUE = ChangeQueue(aws.client("sqs"), configuration.required("CHANGE_QUEUE_URL"))
CLIENTS = ApiClients(configuration.required("API_CLIENTS"))


@api.http_handler(allowed_origins=configuration.required_list("ALLOWED_ORIGINS"))
def handler(request: api.Request) -> api.Response:
    """Accept a product; it is there once the creator has applied the change, for which the caller may wait."""
    client = CLIENTS.writer_of(request)
    refuse_all(request.query)
    key = idempotency_key(request)
    conditions = Conditions.of(request)
    stated = attribution(request)
    body = request.json_object()
    try:
        fields = new_product(body)
    except ValidationError:
        repeated = repeated_creation(TABLE, body, key=key, requested_by=client.name, request_id=request.request_id)
        if repeated is None:
            raise
        return accepted(request, repeated)
    conditions.check_list()
    change = request_creation(
        TABLE,
        QUEUE,
        fields,
        key=key,
        requested_by=client.name,
        request_id=request.request_id,
        attribution=stated,
    )
    made = applied(request, TABLE, change)
    if made is None:
        return accepted(request, change)
    return api.Response(201, {"product": public(made.product)}, {**made.headers, "Location": location(request, change)})
