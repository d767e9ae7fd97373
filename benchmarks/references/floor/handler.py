"""The least that answers with a product, or with a page of them: botocore, one call, JSON."""

import json
import os

import botocore.session

DYNAMODB = botocore.session.get_session().create_client("dynamodb")
TABLE_NAME = os.environ["TABLE_NAME"]


def handler(event, context):
    """Answer with what the table holds, in DynamoDB's own JSON."""
    parameters = event["pathParameters"]
    if parameters is None:
        body = DYNAMODB.query(
            TableName=TABLE_NAME,
            IndexName="ProductsByCreatedIndex",
            KeyConditionExpression="GSI3_PK = :partition",
            ExpressionAttributeValues={":partition": {"S": "PRODUCT#ACTIVE"}},
            Limit=20,
        )["Items"]
    else:
        key = {"PK": {"S": f"PRODUCT#{parameters['productId']}"}, "SK": {"S": "METADATA"}}
        body = DYNAMODB.get_item(TableName=TABLE_NAME, Key=key, ConsistentRead=True)["Item"]
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
