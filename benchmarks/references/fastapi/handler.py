"""The reads of the service as FastAPI has them, behind Mangum."""

import os
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Key
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

app = FastAPI()


class Product(BaseModel):
    """A product as callers see it."""

    productId: str
    name: str
    description: str
    price: Decimal
    currency: str
    billingCycle: str
    features: list[str]
    active: bool
    version: int
    dateCreated: str
    dateLastUpdated: str
    lastUpdatedBy: str


@app.get("/v1.0/products/{product_id}")
def get_product(product_id: str) -> Product:
    """Answer with one product."""
    key = {"PK": f"PRODUCT#{product_id}", "SK": "METADATA"}
    return Product.model_validate(TABLE.get_item(Key=key, ConsistentRead=True)["Item"])


@app.get("/v1.0/products")
def list_products() -> list[Product]:
    """Answer with a page of products."""
    condition = Key("GSI3_PK").eq("PRODUCT#ACTIVE")
    found = TABLE.query(IndexName="ProductsByCreatedIndex", KeyConditionExpression=condition, Limit=20)
    return [Product.model_validate(item) for item in found["Items"]]


handler = Mangum(app, lifespan="off")
