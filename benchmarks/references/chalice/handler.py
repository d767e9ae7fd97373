"""The reads of the service as Chalice has them."""

import os

import boto3
from boto3.dynamodb.conditions import Key
from chalice import Chalice

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

handler = Chalice(app_name="products")


def public(item):
    """Return a product as callers see it."""
    hidden = ("stamps", "sequence", "lastHash", "createChangeId", "entityType")
    shown = {name: value for name, value in item.items() if name[0].islower() and name not in hidden}
    return {**shown, "price": float(item["price"]), "version": int(item["version"])}


@handler.route("/v1.0/products/{productId}")
def get_product(productId):  # noqa: N803
    """Answer with one product."""
    key = {"PK": f"PRODUCT#{productId}", "SK": "METADATA"}
    return public(TABLE.get_item(Key=key, ConsistentRead=True)["Item"])


@handler.route("/v1.0/products")
def list_products():
    """Answer with a page of products."""
    condition = Key("GSI3_PK").eq("PRODUCT#ACTIVE")
    found = TABLE.query(IndexName="ProductsByCreatedIndex", KeyConditionExpression=condition, Limit=20)
    return [public(item) for item in found["Items"]]
