"""The service as the AWS Lambda Handler Cookbook has it: boto3's resource, Powertools, pydantic at every edge."""

import os
import uuid
from decimal import Decimal
from typing import Annotated

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from boto3.dynamodb.conditions import Key
from pydantic import BaseModel, Field

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

logger = Logger(service="bbws-product")
tracer = Tracer(service="bbws-product")
metrics = Metrics(namespace="BBWS/Products", service="bbws-product")
app = APIGatewayRestResolver(enable_validation=True)


class NewProduct(BaseModel):
    """What a caller gives of a product."""

    name: Annotated[str, Field(min_length=3, max_length=100)]
    description: Annotated[str, Field(min_length=10, max_length=500)]
    price: Annotated[Decimal, Field(ge=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "ZAR"
    billingCycle: str
    features: Annotated[list[Annotated[str, Field(min_length=5, max_length=200)]], Field(max_length=20)] = []
    active: bool = True


class Product(NewProduct):
    """A product as callers see it."""

    productId: str
    version: int
    dateCreated: str
    dateLastUpdated: str
    lastUpdatedBy: str


class Accepted(BaseModel):
    """The answer to a new product."""

    productId: str


@app.get("/v1.0/products/<product_id>")
@tracer.capture_method
def get_product(product_id: str) -> Product:
    """Answer with one product."""
    metrics.add_metric(name="ProductRead", unit=MetricUnit.Count, value=1)
    key = {"PK": f"PRODUCT#{product_id}", "SK": "METADATA"}
    return Product.model_validate(TABLE.get_item(Key=key, ConsistentRead=True)["Item"])


@app.get("/v1.0/products")
@tracer.capture_method
def list_products() -> list[Product]:
    """Answer with a page of products."""
    metrics.add_metric(name="ProductsListed", unit=MetricUnit.Count, value=1)
    condition = Key("GSI3_PK").eq("PRODUCT#ACTIVE")
    found = TABLE.query(IndexName="ProductsByCreatedIndex", KeyConditionExpression=condition, Limit=20)
    return [Product.model_validate(item) for item in found["Items"]]


@app.post("/v1.0/products")
@tracer.capture_method
def create_product(product: NewProduct) -> Accepted:
    """Store a product."""
    metrics.add_metric(name="ProductCreated", unit=MetricUnit.Count, value=1)
    product_id = str(uuid.uuid4())
    TABLE.put_item(Item={"PK": f"PRODUCT#{product_id}", "SK": "METADATA", **product.model_dump()})
    return Accepted(productId=product_id)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
def handler(event, context):
    """Let Powertools find the route."""
    return app.resolve(event, context)
