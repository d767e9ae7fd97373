"""scripts/validate_infrastructure.py: what it takes for kept, broken and not shown."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.scripts.conftest import ACCOUNTS
from tests.unit.scripts.infrastructure.conftest import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Account, Ended
    from tests.unit.scripts.infrastructure.conftest import Aws

DAY = 24 * 60 * 60
INDEXES = {"Price": "GSI1", "Name": "GSI2", "Created": "GSI3", "CurrencyAndPrice": "GSI4"}
CLIENTS = {"storefront": ("reader", 100, 200), "admin": ("writer", 50, 100)}
ROUTES = {
    "/v1.0/products": {"GET": "list-products", "POST": "create-product"},
    "/v1.0/products/{productId}": {"GET": "get-product", "PUT": "update-product", "DELETE": "delete-product"},
    "/v1.0/products/{productId}/changes": {"GET": "get-product"},
}
TARGETS = {
    "list-products": 200,
    "get-product": 100,
    "create-product": 250,
    "update-product": 250,
    "delete-product": 150,
}
NO_TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
# By environment, as the design has it: days, protected, seconds, lock.
DESIGN: dict[str, tuple[int, bool, int, dict[str, Any] | None]] = {
    "local": (1, False, 10, None),
    "dev": (90, False, 180, None),
    "sit": (180, True, 180, {"Mode": "GOVERNANCE", "Days": 1}),
    "prod": (365, True, 180, {"Mode": "COMPLIANCE", "Years": 7}),
}


def key(client: str) -> str:
    return f"the key of {client}"


def fingerprint(client: str) -> str:
    return hashlib.sha256(key(client).encode()).hexdigest()[:16]


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


def copy_of(hours: float, status: str = "COMPLETED") -> dict[str, Any]:
    """Return a recovery point that was made some hours ago."""
    return {"CreationDate": ago(hours=hours), "Status": status}


class Environment:
    """A deployed environment that is as the design promises, until something is changed.

    Attributes
    ----------
    answers : dict
        What AWS answers, by call; ``GetQueueAttributes`` by queue.
    functions : set of str
        Those that are deployed.
    outputs : dict
        What the infrastructure exports.
    """

    def __init__(self, name: str, region: str, account_id: str) -> None:
        self.name = name
        self.functions = {*TARGETS, "product-creator", "audit-logger"}
        days, protected, seconds, lock = DESIGN[name]
        watched = name != "local"
        policy = {"Statement": [NO_TLS] if watched else []}
        topic = f"arn:aws:sns:{region}:{account_id}:bbws-product-alerts-{name}"
        api = f"bbws-product-api-{name}"
        alive = {"Effect": "Deny", "Action": ["s3:DeleteObjectVersion"]}
        publisher = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}}
        self.outputs: dict[str, Any] = {
            "table_name": f"bbws-products-{name}",
            "api_keys": {client: [{"name": client, "id": f"id of {client}"}] for client in CLIENTS},
            "api_clients": {fingerprint(client): {"name": client, "role": CLIENTS[client][0]} for client in CLIENTS},
        }
        self.queues: dict[str, dict[str, str]] = {}
        for work in ("change", "audit"):
            dead_letters = f"bbws-product-{work}-dlq-{name}"
            common = {"SqsManagedSseEnabled": "true", "Policy": json.dumps(policy)}
            self.queues[dead_letters] = {**common, "MessageRetentionPeriod": str(14 * DAY)}
            self.queues[f"bbws-product-{work}-{name}"] = {
                **common,
                "MessageRetentionPeriod": str(4 * DAY),
                "VisibilityTimeout": str(seconds),
                "RedrivePolicy": json.dumps(
                    {"maxReceiveCount": 5, "deadLetterTargetArn": f"arn:aws:sqs:{region}:{account_id}:{dead_letters}"}
                ),
            }
        self.api_keys: dict[str, dict[str, Any]] = {
            f"id of {client}": {"id": f"id of {client}", "value": key(client), "enabled": True} for client in CLIENTS
        }
        self.answers: dict[str, Any] = {
            "dynamodb.DescribeTable": {
                "Table": {
                    "TableArn": "the table's",
                    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
                    "KeySchema": [{"AttributeName": "PK"}, {"AttributeName": "SK"}],
                    "GlobalSecondaryIndexes": [
                        {
                            "IndexName": f"ProductsBy{what}Index",
                            "KeySchema": [{"AttributeName": f"{index}_{part}"} for part in ("PK", "SK")],
                        }
                        for what, index in INDEXES.items()
                    ],
                    "SSEDescription": {"Status": "ENABLED"},
                    "DeletionProtectionEnabled": protected,
                }
            },
            "dynamodb.DescribeContinuousBackups": {
                "ContinuousBackupsDescription": {
                    "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}
                }
            },
            "dynamodb.DescribeTimeToLive": {"TimeToLiveDescription": {"AttributeName": "expiresAt"}},
            "dynamodb.ListTagsOfResource": {
                "Tags": [
                    {"Key": "Project", "Value": "BBWS"},
                    {"Key": "ManagedBy", "Value": "Terraform"},
                    {"Key": "CostCenter", "Value": "BBWS-CPP"},
                    {"Key": "Environment", "Value": name},
                    {"Key": "Component", "Value": "table"},
                ]
            },
            "sqs.GetQueueUrl": lambda asked: {"QueueUrl": asked["QueueName"]},
            "sqs.GetQueueAttributes": lambda asked: {"Attributes": self.queues[asked["QueueUrl"]]},
            "s3.GetBucketVersioning": {"Status": "Enabled"},
            "s3.GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": [{}]}},
            "s3.GetPublicAccessBlock": {
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                }
            },
            "s3.GetObjectLockConfiguration": {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": lock}}}
            if lock
            else Refusal("ObjectLockConfigurationNotFoundError", 404),
            "s3.GetBucketPolicy": {"Policy": json.dumps({"Statement": [*policy["Statement"], alive]})},
            "sns.GetTopicAttributes": {
                "Attributes": {
                    "KmsMasterKeyId": "the topic's",
                    "Policy": json.dumps({"Statement": [*policy["Statement"], publisher]}),
                }
            },
            "kms.DescribeKey": {"KeyMetadata": {"KeyManager": "CUSTOMER"}},
            "apigateway.GetRestApis": {"items": [{"id": "1", "name": api}, {"id": "2", "name": "another"}]},
            "apigateway.GetResources": {
                "items": [
                    {
                        "path": path,
                        "resourceMethods": {
                            method: {
                                "apiKeyRequired": True,
                                "methodIntegration": {
                                    "uri": f"arn:…/arn:…:function:bbws-{function}-{name}:live/invocations"
                                },
                            }
                            for method, function in methods.items()
                        },
                    }
                    for path, methods in ROUTES.items()
                ]
            },
            "apigateway.GetStage": {
                "tracingEnabled": watched,
                "accessLogSettings": {"destinationArn": "the log's"} if watched else {},
            },
            "apigateway.GetApiKey": lambda asked: self.api_keys[asked["apiKey"]],
            "apigateway.GetUsagePlans": {
                "items": [
                    {
                        "id": client,
                        "name": f"{api}-{client}",
                        "throttle": {"rateLimit": rate, "burstLimit": burst},
                        "apiStages": [{"apiId": "1", "stage": name}],
                    }
                    for client, (_, rate, burst) in CLIENTS.items()
                ]
            },
            "apigateway.GetUsagePlanKeys": lambda asked: {"items": [{"id": f"id of {asked['usagePlanId']}"}]},
            "wafv2.GetWebACLForResource": {"WebACL": {}} if watched else Refusal("WAFNonexistentItemException"),
            "logs.DescribeLogGroups": lambda asked: {
                "logGroups": [{"logGroupName": asked["logGroupNamePrefix"], "retentionInDays": days}]
            },
            "secretsmanager.GetSecretValue": lambda asked: {
                "SecretString": key(asked["SecretId"].removeprefix(f"bbws/product-api/{name}/"))
            },
            "lambda.GetAlias": lambda asked: (
                {}
                if asked["FunctionName"].removeprefix("bbws-").removesuffix(f"-{name}") in self.functions
                else Refusal("ResourceNotFoundException", 404)
            ),
            "cloudwatch.DescribeAlarms": {
                "MetricAlarms": [
                    {"AlarmName": alarm, "Threshold": threshold, "AlarmActions": [topic], "OKActions": [topic]}
                    for alarm, threshold in self._alarms()
                ]
            },
            "backup.DescribeBackupVault": {"EncryptionKeyArn": "the vault's", "CreationDate": ago(days=30)},
            "backup.ListRecoveryPointsByBackupVault": {"RecoveryPoints": [copy_of(hours=2)]},
        }

    def _alarms(self) -> list[tuple[str, float]]:
        env = self.name
        alarms: list[tuple[str, float]] = [(f"bbws-product-api-{env}-errors", 0.01)]
        for work in ("change", "audit"):
            alarms.append((f"bbws-product-{work}-dlq-{env}-depth", 0))
            alarms.append((f"bbws-product-{work}-{env}-oldest-message", 300))
        if env != "local":
            alarms.append((f"bbws-product-backup-{env}-failures", 0))
        for part in ("table", *(f"productsby{index.lower()}index" for index in INDEXES)):
            alarms += [(f"bbws-products-{env}-{part}-{access}-throttles", 0) for access in ("read", "write")]
        for function in (*TARGETS, "product-creator", "audit-logger"):
            name = f"bbws-{function}-{env}"
            alarms += [(f"{name}-errors", 5), (f"{name}-throttles", 0)]
            if function not in TARGETS:
                alarms.append((f"{name}-failed-messages", 0))
        for function, target in TARGETS.items():
            name = f"bbws-{function}-{env}"
            alarms += [(f"{name}-duration", target), (f"{name}-faults", 5)]
        return alarms

    def alarm(self, name: str) -> dict[str, Any]:
        """Return one of its alarms."""
        alarms: list[dict[str, Any]] = self.answers["cloudwatch.DescribeAlarms"]["MetricAlarms"]
        return next(alarm for alarm in alarms if alarm["AlarmName"] == name)


@pytest.fixture
def environment_of(account_of: Callable[[str], Account], aws: Aws) -> Callable[..., Environment]:
    """Return a function that makes an environment as promised, with a change to it."""

    def make(name: str, change: Callable[[Environment], object] = lambda _: None) -> Environment:
        account = account_of(name)
        made = Environment(name, account.region, ACCOUNTS[name])
        made.answers = copy.deepcopy(made.answers)
        change(made)
        for call, answer in made.answers.items():
            aws.answers(call, answer)
        account.state("2_1_bbws_product_infrastructure", **made.outputs)
        aws.calls.clear()
        return made

    return make


def broken(ended: Ended) -> list[str]:
    """Return the lines about what isn't as promised, with single spaces."""
    return [" ".join(line.split()) for line in ended.out.splitlines() if line.startswith("BROKEN")]


@pytest.mark.parametrize("name", ["local", "dev", "sit", "prod"])
def test_environment_that_is_as_promised_keeps_every_promise(
    environment_of: Callable[..., Environment], run: Callable[..., Ended], aws: Aws, name: str
) -> None:
    environment_of(name)

    ended = run("validate_infrastructure", name)

    assert (broken(ended), ended.status) == ([], 0), ended.err
    assert f"\n{name}: " in ended.out
    assert " kept, 0 BROKEN, " in ended.out
    # Nothing is changed.
    assert {call.partition(".")[2][:3] for call, _ in aws.calls} <= {"Get", "Des", "Lis"}
    assert bool(aws.asked("backup.DescribeBackupVault")) is (name != "local")
    assert ("the stand-in" in ended.out) is (name == "local")


def test_table_is_put_into_the_summary(
    environment_of: Callable[..., Environment], run: Callable[..., Ended], tmp_path: Path
) -> None:
    environment_of("dev")

    run("validate_infrastructure", "dev", "--summary", str(tmp_path / "summary"))

    lines = (tmp_path / "summary").read_text().splitlines()
    assert lines[0].startswith("## dev: ")
    assert "| kept | table bbws-products-dev | is paid by request | yes |" in lines


def changed(call: str, *path: str | int, to: object) -> Callable[[Environment], None]:
    """Return what changes one value in what AWS answers to a call."""

    def change(environment: Environment) -> None:
        found = environment.answers[call]
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = to

    return change


def answered(call: str, answer: object) -> Callable[[Environment], None]:
    """Return what has AWS answer something else to a call."""
    return lambda environment: environment.answers.update({call: answer})


def queue(name: str, **attributes: str) -> Callable[[Environment], None]:
    """Return what gives a queue other attributes."""
    return lambda environment: environment.queues[name].update(attributes)


TABLE, BUCKET, API = "table bbws-products-sit", "bucket bbws-product-audit-logs-sit", "API bbws-product-api-sit"
CHANGES, DEAD_LETTERS = "bbws-product-change-sit", "bbws-product-change-dlq-sit"
TOPIC, ADMIN = "topic bbws-product-alerts-sit", "client admin"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            changed("dynamodb.DescribeTable", "Table", "BillingModeSummary", to={}),
            [f"{TABLE} is paid by request no: None"],
        ),
        (
            changed("dynamodb.DescribeTable", "Table", "KeySchema", to=[{"AttributeName": "id"}]),
            [f"{TABLE} has keys PK, SK no: ['id']"],
        ),
        (
            changed("dynamodb.DescribeTable", "Table", "GlobalSecondaryIndexes", to=[]),
            [f"{TABLE} has its indexes no: {{}}"],
        ),
        (
            changed("dynamodb.DescribeTable", "Table", "SSEDescription", to={}),
            [f"{TABLE} is encrypted with a key in KMS no: None"],
        ),
        (
            changed("dynamodb.DescribeTable", "Table", "DeletionProtectionEnabled", to=False),
            [f"{TABLE} is protected from deletion: yes no: False"],
        ),
        (
            changed(
                "dynamodb.DescribeContinuousBackups",
                *("ContinuousBackupsDescription", "PointInTimeRecoveryDescription", "PointInTimeRecoveryStatus"),
                to="DISABLED",
            ),
            [f"{TABLE} can be restored to a point in time no: DISABLED"],
        ),
        (
            changed("dynamodb.DescribeTimeToLive", "TimeToLiveDescription", to={}),
            [f"{TABLE} forgets by expiresAt no: None"],
        ),
        (
            changed("dynamodb.ListTagsOfResource", "Tags", 0, "Value", to="another"),
            [
                (
                    f"{TABLE} bears the tags no: {{'Project': 'another', 'ManagedBy': 'Terraform', "
                    "'CostCenter': 'BBWS-CPP', 'Environment': 'sit'}"
                )
            ],
        ),
        (
            answered("dynamodb.DescribeTable", Refusal("ResourceNotFoundException")),
            [f"{TABLE} is there DescribeTable: DescribeTable is refused"],
        ),
        (queue(CHANGES, SqsManagedSseEnabled="false"), [f"queue {CHANGES} is encrypted no: false"]),
        (
            queue(CHANGES, Policy=json.dumps({"Statement": [{"Effect": "Allow"}]})),
            [f"queue {CHANGES} refuses callers without TLS: yes no: False"],
        ),
        (queue(CHANGES, MessageRetentionPeriod="60"), [f"queue {CHANGES} keeps messages 4 days no: 60"]),
        (queue(CHANGES, VisibilityTimeout="30"), [f"queue {CHANGES} hides a received one 180 s no: 30"]),
        (
            queue(CHANGES, RedrivePolicy="{}"),
            [f"queue {CHANGES} gives up after 5 receives, to its DLQ no: (0, 'None')"],
        ),
        (queue(DEAD_LETTERS, MessageRetentionPeriod="60"), [f"queue {DEAD_LETTERS} keeps messages 14 days no: 60"]),
        (answered("s3.GetBucketVersioning", {}), [f"{BUCKET} keeps versions no: None"]),
        (
            changed("s3.GetBucketEncryption", "ServerSideEncryptionConfiguration", "Rules", to=[]),
            [f"{BUCKET} is encrypted no: False"],
        ),
        (
            changed("s3.GetPublicAccessBlock", "PublicAccessBlockConfiguration", "BlockPublicAcls", to=False),
            [f"{BUCKET} is never public no: 3"],
        ),
        (
            answered("s3.GetObjectLockConfiguration", Refusal("ObjectLockConfigurationNotFoundError", 404)),
            [f"{BUCKET} locks objects: governance, 1 day no: None"],
        ),
        (
            answered("s3.GetObjectLockConfiguration", Refusal("AccessDenied", 403)),
            [f"{BUCKET} is there GetObjectLockConfiguration: GetObjectLockConfiguration is refused"],
        ),
        (
            answered("s3.GetBucketPolicy", {"Policy": json.dumps({"Statement": [NO_TLS]})}),
            [f"{BUCKET} lets nobody delete but the break-glass role no: 0"],
        ),
        (
            changed("kms.DescribeKey", "KeyMetadata", "KeyManager", to="AWS"),
            [f"{TOPIC} has a customer's key, that alarms may use no: AWS"],
        ),
        (
            changed("sns.GetTopicAttributes", "Attributes", "Policy", to=json.dumps({"Statement": [NO_TLS]})),
            [f"{TOPIC} lets alarms publish no: False"],
        ),
        (answered("apigateway.GetRestApis", {"items": []}), [f"{API} is there, once no: 0"]),
        (
            changed("apigateway.GetResources", "items", 2, "resourceMethods", to={}),
            [
                (
                    f"{API} GET /v1.0/products/{{productId}}/changes invokes bbws-get-product-sit:live, "
                    "with a key no: (False, None)"
                )
            ],
        ),
        (
            changed("apigateway.GetResources", "items", 2, "resourceMethods", "GET", "apiKeyRequired", to=False),
            [
                (
                    f"{API} GET /v1.0/products/{{productId}}/changes invokes bbws-get-product-sit:live, "
                    "with a key no: (True, False)"
                )
            ],
        ),
        (
            answered("apigateway.GetStage", {}),
            [f"{API} traces requests: yes no: False", f"{API} logs requests: yes no: False"],
        ),
        (answered("wafv2.GetWebACLForResource", {}), [f"{API} is behind the firewall: yes no: False"]),
        (
            answered("wafv2.GetWebACLForResource", Refusal("WAFNonexistentItemException")),
            [f"{API} is behind the firewall: yes no: False"],
        ),
        (
            answered("logs.DescribeLogGroups", {"logGroups": []}),
            [
                "log /aws/apigateway/bbws-product-api-sit is kept 180 days no: None",
                "log aws-waf-logs-bbws-product-api-sit is kept 180 days no: None",
            ],
        ),
        (
            lambda environment: environment.api_keys["id of admin"].update(enabled=False),
            [f"{ADMIN} has a key that is enabled no: False"],
        ),
        (
            changed("apigateway.GetUsagePlans", "items", 1, "throttle", "rateLimit", to=1000),
            [f"{ADMIN} may ask 50 times a second, 100 at once no: (1000, 100)"],
        ),
        (
            changed("apigateway.GetUsagePlans", "items", 1, "apiStages", to=[]),
            [f"{ADMIN} has a plan for this stage alone no: []"],
        ),
        (
            answered(
                "secretsmanager.GetSecretValue",
                lambda asked: (
                    {"SecretString": key("storefront")}
                    if "storefront" in asked["SecretId"]
                    else Refusal("ResourceNotFoundException")
                ),
            ),
            [f"{ADMIN} finds its key in its secret no: ['there is no such secret']"],
        ),
        (
            lambda environment: environment.outputs["api_clients"].pop(fingerprint("admin")),
            [f"{ADMIN} is known to the functions as a writer no: [None]"],
        ),
        (
            lambda environment: environment.alarm("bbws-get-product-sit-duration").update(Threshold=500),
            ["alarm bbws-get-product-sit-duration the 95th percentile is over 100 ms no: 500"],
        ),
        (
            lambda environment: environment.alarm("bbws-get-product-sit-faults").update(OKActions=[]),
            ["alarm bbws-get-product-sit-faults tells the topic of its begin and end no: False"],
        ),
        (
            lambda environment: environment.alarm("bbws-get-product-sit-faults").update(AlarmName="another"),
            ["alarm bbws-get-product-sit-faults over 5 % of the requests get a 5xx no: it isn't there"],
        ),
        (
            lambda environment: environment.alarm("bbws-product-creator-sit-failed-messages").update(
                AlarmName="another"
            ),
            ["alarm bbws-product-creator-sit-failed-messages a message fails no: it isn't there"],
        ),
        (
            answered("backup.ListRecoveryPointsByBackupVault", {"RecoveryPoints": []}),
            ["vault bbws-product-sit has a copy of the last 28 hours no: False"],
        ),
        (
            answered(
                "backup.ListRecoveryPointsByBackupVault", {"RecoveryPoints": [copy_of(hours=2, status="PARTIAL")]}
            ),
            ["vault bbws-product-sit has a copy of the last 28 hours no: False"],
        ),
        (
            lambda environment: environment.alarm("bbws-product-backup-sit-failures").update(AlarmName="another"),
            ["alarm bbws-product-backup-sit-failures a copy of the table is not made no: it isn't there"],
        ),
        (
            answered("backup.DescribeBackupVault", {"CreationDate": ago(days=30)}),
            ["vault bbws-product-sit is encrypted with a key of its own no: False"],
        ),
    ],
)
def test_whatever_is_not_as_promised_is_told_and_nothing_else(
    environment_of: Callable[..., Environment],
    run: Callable[..., Ended],
    change: Callable[[Environment], object],
    said: list[str],
) -> None:
    environment_of("sit", change)

    ended = run("validate_infrastructure", "sit")

    assert broken(ended) == [f"BROKEN {line}" for line in said]
    assert ended.status == 1
    assert "sit is not what the design promises: see the lines that begin with BROKEN" in ended.err


def test_vault_that_is_too_young_for_a_copy_is_not_blamed(
    environment_of: Callable[..., Environment], run: Callable[..., Ended]
) -> None:
    def change(environment: Environment) -> None:
        environment.answers["backup.DescribeBackupVault"]["CreationDate"] = ago(hours=3)
        environment.answers["backup.ListRecoveryPointsByBackupVault"]["RecoveryPoints"] = []

    environment_of("prod", change)

    ended = run("validate_infrastructure", "prod")

    assert broken(ended) == []
    assert ended.status == 0
    assert re.search(r"^not shown +vault bbws-product-prod +has a copy of the last 5 hours", ended.out, re.MULTILINE)


def test_client_without_key_and_plan_is_told_without_a_traceback(
    environment_of: Callable[..., Environment], run: Callable[..., Ended]
) -> None:
    def change(environment: Environment) -> None:
        environment.outputs["api_keys"].pop("admin")
        environment.answers["apigateway.GetUsagePlans"]["items"].pop()

    environment_of("dev", change)

    ended = run("validate_infrastructure", "dev")

    lines = broken(ended)
    assert ended.status == 1
    assert all(line.startswith("BROKEN client admin ") for line in lines)
    assert f"BROKEN {ADMIN} has a key that is enabled no: False" in lines


def test_key_that_is_gone_is_told_without_a_traceback(
    environment_of: Callable[..., Environment], run: Callable[..., Ended]
) -> None:
    environment_of("dev", answered("apigateway.GetApiKey", Refusal("NotFoundException", 404)))

    ended = run("validate_infrastructure", "dev")

    assert ended.status == 1
    assert f"BROKEN {ADMIN} has a key that is enabled no: False" in broken(ended)


def test_client_whose_key_is_rotated_may_have_two(
    environment_of: Callable[..., Environment], run: Callable[..., Ended]
) -> None:
    def change(environment: Environment) -> None:
        environment.outputs["api_keys"]["admin"].append({"name": "admin/2", "id": "second"})
        environment.outputs["api_clients"][fingerprint("admin/2")] = {"name": "admin", "role": "writer"}
        environment.api_keys["second"] = {"id": "second", "value": key("admin/2"), "enabled": False}
        environment.answers["apigateway.GetUsagePlanKeys"] = lambda asked: {
            "items": [{"id": "second"}, {"id": "id of admin"}]
            if asked["usagePlanId"] == "admin"
            else [{"id": "id of storefront"}]
        }

    environment_of("dev", change)

    ended = run("validate_infrastructure", "dev")

    assert (broken(ended), ended.status) == ([], 0)


def test_alarms_of_a_function_that_is_not_deployed_yet_are_not_shown(
    environment_of: Callable[..., Environment], run: Callable[..., Ended]
) -> None:
    environment_of("dev", lambda environment: environment.functions.remove("audit-logger"))

    ended = run("validate_infrastructure", "dev")

    shown = [" ".join(line.split()) for line in ended.out.splitlines() if line.startswith("not shown")]
    assert shown == ["not shown alarms of bbws-audit-logger-dev come with the function it is not deployed yet"]
    assert ended.status == 0


def test_table_in_use_is_the_one_that_is_looked_at(
    environment_of: Callable[..., Environment], run: Callable[..., Ended], aws: Aws
) -> None:
    environment_of("dev", lambda environment: environment.outputs.update(table_name="bbws-products-dev-restored"))

    ended = run("validate_infrastructure", "dev")

    assert "table bbws-products-dev-restored" in ended.out
    assert aws.asked("dynamodb.DescribeTable") == [{"TableName": "bbws-products-dev-restored"}]


def test_no_key_is_ever_printed(environment_of: Callable[..., Environment], run: Callable[..., Ended]) -> None:
    environment_of("dev", answered("secretsmanager.GetSecretValue", {"SecretString": "another key"}))

    ended = run("validate_infrastructure", "dev")

    assert ended.status == 1
    assert key("admin") not in ended.out
    assert "another key" not in ended.out


def test_environment_to_which_nothing_is_deployed_is_told(dev: Account, run: Callable[..., Ended]) -> None:
    ended = run("validate_infrastructure", "dev")

    said = "the infrastructure of dev has no state: deploy 2_1_bbws_product_infrastructure first"
    assert (ended.status, ended.err) == (1, f"error: {said}\n")
