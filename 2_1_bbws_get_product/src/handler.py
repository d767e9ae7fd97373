"""GET /v1.0/products/{productId}: one product."""

from __future__ import annotations

from common import api, aws, configuration
from common.product import public
from common.product_lookup import active_product
from common.product_table import ProductTable

TABLE = ProductTable(aws.client("dynamodb"), configuration.required("TABLE_NAME"))


@api.function(allowed_origins=configuration.required_list("ALLOWED_ORIGINS"))
def handler(request: api.Request) -> api.Response:
    """Answer with the product, unless there is none or it is withdrawn."""
    return api.Response(200, {"product": public(active_product(TABLE, request.product_id()))})
