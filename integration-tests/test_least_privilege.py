"""What each function's role lets it do, and refuses: every attempt with every role, on a stack that enforces IAM.

An attempt is made with the credentials of the role, which a function of the test's own gets from Lambda and hands over.
Attempts that would leave something behind ask for what can't be: they fail, but not for lack of permission.

That a function may write its own log isn't among them: AWS looks at the log group's ARN with ``:*`` behind it, the
stand-in without.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from stack import key_of, record_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack import Stack

# How the services that the stack plays say that somebody may not.
REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorized"}

# By the prefix of their keys.
INDEXES = {
    "ProductsByCreatedIndex": "GSI3",
    "ProductsByCurrencyAndPriceIndex": "GSI4",
    "ProductsByNameIndex": "GSI2",
    "ProductsByPriceIndex": "GSI1",
}
QUEUES = ("change_queue", "audit_queue", "change_dlq", "audit_dlq")
NOWHERE = {"PK": {"S": f"PRIVILEGE#{uuid.uuid4()}"}, "SK": {"S": "NONE"}}
IF_THERE = "attribute_exists(PK)"

READS_ITEMS = {"read an item", "read an item in a transaction"}
FEEDS = {"receive from", "remove from", "look at"}

ALLOWED = {
    "list-products": {f"query {index}" for index in INDEXES},
    "get-product": READS_ITEMS | {"query the table"},
    "create-product": READS_ITEMS | {"send to change_queue"},
    "update-product": READS_ITEMS | {"send to change_queue"},
    "delete-product": READS_ITEMS | {"send to change_queue"},
    "product-creator": READS_ITEMS
    | {"write an item", "delete an item", "write and delete items in a transaction"}
    | {"send to audit_queue", "send to change_dlq"}
    | {f"{verb} change_queue" for verb in FEEDS},
    "audit-logger": {"write an audit object", "send to audit_dlq"} | {f"{verb} audit_queue" for verb in FEEDS},
}

PROBE = """
import os

def handler(event, context):
    return [os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
"""


@dataclass(frozen=True)
class Actor:
    """Somebody with the credentials of a function's role.

    Parameters
    ----------
    function
        The function's name in Lambda.
    client
        Makes a client of a service with them.
    audit_key
        An object that the audit bucket has.
    """

    function: str
    client: Callable[[str], Any]
    stack: Stack
    audit_key: str

    def is_refused(self, attempt: Callable[[Actor], object]) -> bool:
        """Tell whether an attempt fails for lack of permission."""
        try:
            attempt(self)
        except ClientError as error:
            return error.response["Error"]["Code"] in REFUSALS
        return False


def _package() -> bytes:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("probe.py", PROBE)
    return package.getvalue()


@pytest.fixture(scope="module")
def audit_key(stack: Stack) -> str:
    """Return the key of an object in the audit bucket."""
    record = record_of()
    stack.send(stack.audit_queue, [json.dumps(record)])
    stack.settle()
    return key_of(record)


@pytest.fixture(scope="module")
def actor(stack: Stack, audit_key: str) -> Callable[[str], Actor]:
    """Return a function that gives whoever has the credentials of a function's role, by the function's short name."""
    actors: dict[str, Actor] = {}

    def act_as(name: str) -> Actor:
        if name not in actors:
            function = f"bbws-{name}-local"
            probe = f"bbws-probe-of-{name}"
            stack.functions.create_function(
                FunctionName=probe,
                Runtime="python3.12",
                Handler="probe.handler",
                Role=stack.functions.get_function_configuration(FunctionName=function)["Role"],
                Code={"ZipFile": _package()},
            )
            try:
                key, secret, token = json.loads(stack.functions.invoke(FunctionName=probe)["Payload"].read())
            finally:
                stack.functions.delete_function(FunctionName=probe)
            session = boto3.Session(
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                region_name=stack.functions.meta.region_name,
            )
            clients: dict[str, Any] = {}

            def client(service: str) -> Any:
                if service not in clients:
                    clients[service] = session.client(service, endpoint_url=stack.functions.meta.endpoint_url)
                return clients[service]

            actors[name] = Actor(function, client, stack, audit_key)
        return actors[name]

    return act_as


# On the table


def _on_table(operation: str, /, *, table: str | None = None, **parameters: Any) -> Callable[[Actor], object]:
    def attempt(actor: Actor) -> object:
        return getattr(actor.client("dynamodb"), operation)(TableName=table or actor.stack.table.name, **parameters)

    return attempt


def _transaction(*parts: str) -> Callable[[Actor], object]:
    def attempt(actor: Actor) -> object:
        name = actor.stack.table.name
        items: dict[str, Any] = {
            "Put": {"Put": {"TableName": name, "Item": NOWHERE, "ConditionExpression": IF_THERE}},
            "Delete": {
                "Delete": {
                    "TableName": name,
                    "Key": {**NOWHERE, "SK": {"S": "OTHER"}},
                    "ConditionExpression": IF_THERE,
                }
            },
        }
        return actor.client("dynamodb").transact_write_items(TransactItems=[items[part] for part in parts])

    return attempt


def _query(partition_key: str, index: str | None = None) -> Callable[[Actor], object]:
    return _on_table(
        "query",
        **({"IndexName": index} if index else {}),
        KeyConditionExpression="#partition = :partition",
        ExpressionAttributeNames={"#partition": partition_key},
        ExpressionAttributeValues={":partition": {"S": "PRODUCT#ACTIVE"}},
        Limit=1,
    )


OTHER_TABLE = "bbws-products-local-other"

ATTEMPTS: dict[str, Callable[[Actor], object]] = {
    "read an item": _on_table("get_item", Key=NOWHERE),
    "read an item in a transaction": lambda actor: actor.client("dynamodb").transact_get_items(
        TransactItems=[{"Get": {"TableName": actor.stack.table.name, "Key": NOWHERE}}]
    ),
    "read items in a batch": lambda actor: actor.client("dynamodb").batch_get_item(
        RequestItems={actor.stack.table.name: {"Keys": [NOWHERE]}}
    ),
    "write an item": _on_table("put_item", Item=NOWHERE, ConditionExpression=IF_THERE),
    "update an item": _on_table(
        "update_item",
        Key=NOWHERE,
        ConditionExpression=IF_THERE,
        UpdateExpression="SET x = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    ),
    "delete an item": _on_table("delete_item", Key=NOWHERE, ConditionExpression=IF_THERE),
    "write and delete items in a transaction": _transaction("Put", "Delete"),
    "delete items in a batch": lambda actor: actor.client("dynamodb").batch_write_item(
        RequestItems={actor.stack.table.name: [{"DeleteRequest": {"Key": NOWHERE}}]}
    ),
    "query the table": _query("PK"),
    **{f"query {index}": _query(f"{prefix}_PK", index) for index, prefix in INDEXES.items()},
    "scan the table": _on_table("scan", Limit=1),
    "scan an index": _on_table("scan", IndexName=next(iter(INDEXES)), Limit=1),
    "read the table by SQL": lambda actor: actor.client("dynamodb").execute_statement(
        Statement=f"SELECT * FROM \"{actor.stack.table.name}\" WHERE PK = 'PRIVILEGE'"  # noqa: S608
    ),
    "describe the table": _on_table("describe_table"),
    "turn the table's expiry off": _on_table(
        "update_time_to_live", TimeToLiveSpecification={"Enabled": False, "AttributeName": "none"}
    ),
    "read another table": _on_table("get_item", table=OTHER_TABLE, Key=NOWHERE),
    "write to another table": _on_table("put_item", table=OTHER_TABLE, Item=NOWHERE),
    "delete another table": _on_table("delete_table", table=OTHER_TABLE),
}

# On the queues


def _on_queue(operation: str, queue: str, /, **parameters: Any) -> Callable[[Actor], object]:
    def attempt(actor: Actor) -> object:
        return getattr(actor.client("sqs"), operation)(QueueUrl=getattr(actor.stack, queue), **parameters)

    return attempt


for _queue in QUEUES:
    ATTEMPTS |= {
        # SQS takes no empty message.
        f"send to {_queue}": _on_queue("send_message", _queue, MessageBody=""),
        f"receive from {_queue}": _on_queue("receive_message", _queue, VisibilityTimeout=0),
        f"remove from {_queue}": _on_queue("delete_message", _queue, ReceiptHandle="none"),
        f"look at {_queue}": _on_queue("get_queue_attributes", _queue, AttributeNames=["QueueArn"]),
        f"change {_queue}": _on_queue("set_queue_attributes", _queue, Attributes={"VisibilityTimeout": "none"}),
    }

# On the audit bucket, and on what else there is


def _on_object(operation: str, /, **parameters: Any) -> Callable[[Actor], object]:
    def attempt(actor: Actor) -> object:
        return getattr(actor.client("s3"), operation)(
            Bucket=actor.stack.audit_bucket, Key=actor.audit_key, **parameters
        )

    return attempt


def _on_bucket(operation: str, /, **parameters: Any) -> Callable[[Actor], object]:
    def attempt(actor: Actor) -> object:
        return getattr(actor.client("s3"), operation)(Bucket=actor.stack.audit_bucket, **parameters)

    return attempt


def _on(service: str, operation: str, /, **parameters: Any) -> Callable[[Actor], object]:
    return lambda actor: getattr(actor.client(service), operation)(**parameters)


ATTEMPTS |= {
    "write an audit object": _on_object("put_object", Body=b"{}", IfNoneMatch="*"),
    "write an audit object over another": _on_object("put_object", Body=b"{}"),
    "read an audit object": _on_object("get_object"),
    "delete an audit object": _on_object("delete_object"),
    "delete a version of an audit object": _on_object("delete_object", VersionId=str(uuid.uuid4())),
    "lift the lock of an audit object": _on_object(
        "put_object_retention", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": 0}, BypassGovernanceRetention=True
    ),
    "list audit objects": _on_bucket("list_objects_v2", MaxKeys=1),
    "open the audit bucket": _on_bucket("put_bucket_policy", Policy="{}"),
    "suspend the audit bucket's versions": _on_bucket(
        "put_bucket_versioning", VersioningConfiguration={"Status": "none"}
    ),
    "delete the audit bucket": _on_bucket("delete_bucket"),
    "read a Terraform state": _on(
        "s3",
        "get_object",
        Bucket="bbws-terraform-state-local",
        Key="2_1_bbws_product_infrastructure/terraform.tfstate",
    ),
    "list buckets": _on("s3", "list_buckets"),
    "read an API key's secret": _on("secretsmanager", "get_secret_value", SecretId="bbws/product-api/local/admin"),
    "read the API's keys": _on("apigateway", "get_api_keys", includeValues=True),
    "invoke another function": _on("lambda", "invoke", FunctionName="bbws-probe-of-nothing"),
    "replace its own code": lambda actor: actor.client("lambda").update_function_code(
        FunctionName=actor.function, S3Bucket="none", S3Key="none"
    ),
    "change its own role": lambda actor: actor.client("iam").delete_role_policy(
        RoleName=actor.function, PolicyName="none"
    ),
    "make a user": _on("iam", "create_user", UserName="bbws probe of nothing"),
    "assume another role": _on(
        "sts",
        "assume_role",
        RoleArn="arn:aws:iam::000000000000:role/bbws-product-creator-local",
        RoleSessionName="probe",
    ),
    "write another function's log": _on(
        "logs", "create_log_stream", logGroupName="/aws/lambda/bbws-probe-of-nothing", logStreamName="no:name"
    ),
    "read its log": lambda actor: actor.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{actor.function}", limit=1
    ),
    "delete its log": lambda actor: actor.client("logs").delete_log_stream(
        logGroupName=f"/aws/lambda/{actor.function}", logStreamName="none"
    ),
    "silence an alarm": _on("cloudwatch", "disable_alarm_actions", AlarmNames=["none"]),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("function", ALLOWED)
def test_role_allows_what_its_function_does_and_refuses_everything_else(
    function: str, attempt: str, actor: Callable[[str], Actor]
) -> None:
    refused = actor(function).is_refused(ATTEMPTS[attempt])

    assert refused == (attempt not in ALLOWED[function])


def test_every_permission_is_attempted() -> None:
    assert set().union(*ALLOWED.values()) <= set(ATTEMPTS)
