#!/usr/bin/env python3
"""Looks whether a deployed environment is what the design promises, and prints a table.

The promises are in this file alone, neither in Terraform's configuration nor in its state. Nothing is changed. Exit
status 0: every promise is kept. What can't be seen counts neither way, and is said so: above all what the stand-in for
AWS on a computer of one's own (local) stores without acting on it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from deployment import account, command_line, infrastructure, names, terraform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEPT, BROKEN, NOT_SHOWN = "kept", "BROKEN", "not shown"

DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Environment:
    """What the design promises of an environment."""

    log_retention_days: int
    watched_by_aws: bool
    deletion_protection: bool
    require_tls: bool
    visibility_seconds: int
    # Mode, days and years.
    object_lock: tuple[str, int | None, int | None] | None = None
    hours_between_copies: int = 24


ENVIRONMENTS = {
    "local": Environment(1, False, False, False, 10),
    "dev": Environment(90, True, False, True, 180),
    "sit": Environment(180, True, True, True, 180, ("GOVERNANCE", 1, None)),
    "prod": Environment(365, True, True, True, 180, ("COMPLIANCE", None, 7), 1),
}

# A copy begins within an hour and is made within two more (terraform/backup.tf); and clocks, and people, differ.
COPY_HOURS = 4

# Partition key and sort key of each index.
INDEXES = {
    "ProductsByPriceIndex": ["GSI1_PK", "GSI1_SK"],
    "ProductsByNameIndex": ["GSI2_PK", "GSI2_SK"],
    "ProductsByCreatedIndex": ["GSI3_PK", "GSI3_SK"],
    "ProductsByCurrencyAndPriceIndex": ["GSI4_PK", "GSI4_SK"],
}

ROUTES = {
    ("GET", "/v1.0/products"): "list-products",
    ("POST", "/v1.0/products"): "create-product",
    ("GET", "/v1.0/products/{productId}"): "get-product",
    ("PUT", "/v1.0/products/{productId}"): "update-product",
    ("DELETE", "/v1.0/products/{productId}"): "delete-product",
    ("GET", "/v1.0/products/{productId}/changes"): "get-product",
}

# Role, requests per second and burst of the clients that an environment has by default.
CLIENTS = {"storefront": ("reader", 100, 200), "admin": ("writer", 50, 100)}

# Milliseconds that 95 of 100 requests are to stay within; what queues invoke has no such promise.
TARGETS_MS = {
    "list-products": 200,
    "get-product": 100,
    "create-product": 250,
    "update-product": 250,
    "delete-product": 150,
    "product-creator": None,
    "audit-logger": None,
}

MOST_RECEIVES = 5

# What the stand-in for AWS stores and doesn't act on.
LOCAL_LACKS = (
    ("alarms", "fire by themselves", "the stand-in has none of the metrics that AWS itself measures"),
    ("table, queues, bucket, topic", "encrypt what they keep", "the stand-in stores the setting alone"),
    ("alias live", "splits requests by weight", "the stand-in stores the weights alone"),
)

TAGS = {"Project": "BBWS", "ManagedBy": "Terraform", "CostCenter": "BBWS-CPP"}


@dataclass(frozen=True)
class Finding:
    """One promise, and what was found."""

    subject: str
    promise: str
    found: str
    state: str


@dataclass
class Validation:
    """Looks through one environment.

    Parameters
    ----------
    environment
        One of `ENVIRONMENTS`.
    """

    environment: str
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.promised = ENVIRONMENTS[self.environment]
        self._region = terraform.region(self.environment)
        account_id = terraform.account_id(self.environment)
        self._topic = f"arn:aws:sns:{self._region}:{account_id}:bbws-product-alerts-{self.environment}"
        # Which table is in use and which keys are valid changes, and the promises about them don't.
        outputs = infrastructure.outputs(self.environment)
        self._table_in_use = outputs.get("table_name", f"bbws-products-{self.environment}")
        self._valid_keys = outputs.get("api_keys", {})
        self._known_keys = outputs.get("api_clients", {})

    def _client(self, service: str) -> Any:
        return boto3.client(service, region_name=self._region)

    def run(self) -> list[Finding]:
        """Look at everything."""
        for subject, look in (
            (f"table {self._table_in_use}", self._table),
            ("queues", self._queues),
            (f"bucket bbws-product-audit-logs-{self.environment}", self._audit_bucket),
            (f"topic bbws-product-alerts-{self.environment}", self._topic_and_key),
            (f"API bbws-product-api-{self.environment}", self._api),
            ("alarms", self._alarms),
            ("backups", self._backups),
        ):
            self._attempt(subject, look)
        if self.environment == "local":
            for subject, promise, why in LOCAL_LACKS:
                self._note(subject, promise, why, NOT_SHOWN)
        return self.findings

    def _attempt(self, subject: str, look: Callable[[str], None]) -> None:
        try:
            look(subject)
        except ClientError as error:
            self._note(subject, "is there", f"{error.operation_name}: {error.response['Error']['Message']}", BROKEN)

    def _note(self, subject: str, promise: str, found: object, state: str) -> None:
        self.findings.append(Finding(subject, promise, str(found), state))

    def _expect(self, subject: str, promise: str, wanted: object, found: object) -> None:
        """Note whether something is as promised.

        Parameters
        ----------
        promise
            What is promised, in words.
        wanted, found
            What it should be and what it is; None where there is nothing.
        """
        kept = found == wanted
        self._note(subject, promise, "yes" if kept else f"no: {found}", KEPT if kept else BROKEN)

    def _expect_tls(self, subject: str, policy: str | None) -> None:
        statements = json.loads(policy)["Statement"] if policy else []
        refused = any(
            statement["Effect"] == "Deny"
            and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
            for statement in statements
        )
        wanted = self.promised.require_tls
        self._expect(subject, f"refuses callers without TLS: {_yes(wanted)}", wanted, refused)

    # Data

    def _table(self, subject: str) -> None:
        client = self._client("dynamodb")
        name = self._table_in_use
        table = client.describe_table(TableName=name)["Table"]
        recovery = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        indexes = {
            index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
            for index in table.get("GlobalSecondaryIndexes", [])
        }
        billing = table.get("BillingModeSummary", {}).get("BillingMode")
        self._expect(subject, "is paid by request", "PAY_PER_REQUEST", billing)
        self._expect(subject, "has keys PK, SK", ["PK", "SK"], [key["AttributeName"] for key in table["KeySchema"]])
        self._expect(subject, "has its indexes", INDEXES, indexes)
        point_in_time = recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        self._expect(subject, "can be restored to a point in time", "ENABLED", point_in_time)
        self._expect(
            subject, "is encrypted with a key in KMS", "ENABLED", table.get("SSEDescription", {}).get("Status")
        )
        self._expect(subject, "forgets by expiresAt", "expiresAt", ttl.get("AttributeName"))
        wanted = self.promised.deletion_protection
        self._expect(
            subject,
            f"is protected from deletion: {_yes(wanted)}",
            wanted,
            table.get("DeletionProtectionEnabled", False),
        )
        tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]}
        wanted_tags = {**TAGS, "Environment": self.environment}
        self._expect(subject, "bears the tags", wanted_tags, {name: tags.get(name) for name in wanted_tags})

    def _queues(self, subject: str) -> None:
        for work in ("change", "audit"):
            for name in (f"bbws-product-{work}-{self.environment}", f"bbws-product-{work}-dlq-{self.environment}"):
                self._attempt(f"queue {name}", self._dead_letter_queue if "-dlq-" in name else self._queue)

    def _queue(self, subject: str) -> None:
        found = self._queue_attributes(subject)
        name = subject.removeprefix("queue ")
        dead_letters = f"{name.removesuffix(f'-{self.environment}')}-dlq-{self.environment}"
        redrive = json.loads(found.get("RedrivePolicy", "{}"))
        visibility = self.promised.visibility_seconds
        self._expect(subject, "keeps messages 4 days", 4 * DAY_SECONDS, int(found["MessageRetentionPeriod"]))
        self._expect(
            subject, f"hides a received one {visibility} s", visibility, int(found.get("VisibilityTimeout", 0))
        )
        self._expect(
            subject,
            f"gives up after {MOST_RECEIVES} receives, to its DLQ",
            (MOST_RECEIVES, dead_letters),
            (int(redrive.get("maxReceiveCount", 0)), str(redrive.get("deadLetterTargetArn")).rpartition(":")[2]),
        )

    def _dead_letter_queue(self, subject: str) -> None:
        found = self._queue_attributes(subject)
        self._expect(subject, "keeps messages 14 days", 14 * DAY_SECONDS, int(found["MessageRetentionPeriod"]))

    def _queue_attributes(self, subject: str) -> dict[str, str]:
        client = self._client("sqs")
        url = client.get_queue_url(QueueName=subject.removeprefix("queue "))["QueueUrl"]
        found: dict[str, str] = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self._expect(subject, "is encrypted", "true", found.get("SqsManagedSseEnabled"))
        self._expect_tls(subject, found.get("Policy"))
        return found

    def _audit_bucket(self, subject: str) -> None:
        client = self._client("s3")
        bucket = subject.removeprefix("bucket ")
        self._expect(subject, "keeps versions", "Enabled", client.get_bucket_versioning(Bucket=bucket).get("Status"))
        rules = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        self._expect(subject, "is encrypted", True, bool(rules))
        blocked = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        self._expect(subject, "is never public", 4, sum(map(bool, blocked.values())))
        lock = self.promised.object_lock
        words = "none" if lock is None else f"{lock[0].lower()}, {f'{lock[1]} day' if lock[1] else f'{lock[2]} years'}"
        self._expect(subject, f"locks objects: {words}", lock, _object_lock(client, bucket))
        policy = client.get_bucket_policy(Bucket=bucket)["Policy"]
        self._expect_tls(subject, policy)
        deletions = [
            statement
            for statement in json.loads(policy)["Statement"]
            if statement["Effect"] == "Deny" and "s3:DeleteObjectVersion" in statement["Action"]
        ]
        self._expect(subject, "lets nobody delete but the break-glass role", 1, len(deletions))

    def _topic_and_key(self, subject: str) -> None:
        found = self._client("sns").get_topic_attributes(TopicArn=self._topic)["Attributes"]
        key_id = found.get("KmsMasterKeyId", "")
        key = self._client("kms").describe_key(KeyId=key_id)["KeyMetadata"]
        self._expect(subject, "has a customer's key, that alarms may use", "CUSTOMER", key.get("KeyManager"))
        publishers = [
            statement["Principal"]
            for statement in json.loads(found["Policy"])["Statement"]
            if statement["Effect"] == "Allow"
        ]
        self._expect(subject, "lets alarms publish", True, {"Service": "cloudwatch.amazonaws.com"} in publishers)
        self._expect_tls(subject, found["Policy"])

    # The API

    def _api(self, subject: str) -> None:
        client = self._client("apigateway")
        name = subject.removeprefix("API ")
        apis = [api for page in client.get_paginator("get_rest_apis").paginate() for api in page["items"]]
        ids = [api["id"] for api in apis if api["name"] == name]
        self._expect(subject, "is there, once", 1, len(ids))
        if not ids:
            return
        api_id = ids[0]
        self._routes(subject, client, api_id)
        stage = client.get_stage(restApiId=api_id, stageName=self.environment)
        watched = self.promised.watched_by_aws
        self._expect(subject, f"traces requests: {_yes(watched)}", watched, stage.get("tracingEnabled", False))
        logs = bool(stage.get("accessLogSettings", {}).get("destinationArn"))
        self._expect(subject, f"logs requests: {_yes(watched)}", watched, logs)
        self._expect(subject, f"is behind the firewall: {_yes(watched)}", watched, self._has_firewall(api_id))
        if watched:
            self._log_group(f"/aws/apigateway/{name}")
            self._log_group(f"aws-waf-logs-{name}")
        self._clients(client, api_id)

    def _routes(self, subject: str, client: Any, api_id: str) -> None:
        pages = client.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
        methods = {
            (method, resource["path"]): about
            for page in pages
            for resource in page["items"]
            for method, about in resource.get("resourceMethods", {}).items()
        }
        for (method, path), function in ROUTES.items():
            about = methods.get((method, path), {})
            uri = about.get("methodIntegration", {}).get("uri", "")
            alias = f":{names.function_in(self.environment, function)}:live"
            found = (f"{alias}/invocations" in uri, about.get("apiKeyRequired"))
            self._expect(subject, f"{method} {path} invokes {alias[1:]}, with a key", (True, True), found)

    def _has_firewall(self, api_id: str) -> bool:
        stage = f"arn:aws:apigateway:{self._region}::/restapis/{api_id}/stages/{self.environment}"
        client = self._client("wafv2")
        try:
            return "WebACL" in client.get_web_acl_for_resource(ResourceArn=stage)
        except client.exceptions.WAFNonexistentItemException:
            return False

    def _log_group(self, name: str) -> None:
        groups = self._client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        kept = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
        days = self.promised.log_retention_days
        self._expect(f"log {name}", f"is kept {days} days", days, kept.get(name))

    def _clients(self, client: Any, api_id: str) -> None:
        name = f"bbws-product-api-{self.environment}"
        plans = {
            plan["name"]: plan for page in client.get_paginator("get_usage_plans").paginate() for plan in page["items"]
        }
        for holder, (role, rate, burst) in CLIENTS.items():
            subject = f"client {holder}"
            # One, or two while it is rotated: the client finds the first in its secret.
            valid = [self._api_key(client, key["id"]) for key in self._valid_keys.get(holder, [])]
            plan = plans.get(f"{name}-{holder}", {})
            # One that leaked is disabled until it is replaced.
            self._expect(subject, "has a key that is enabled", True, any(key.get("enabled") is True for key in valid))
            limits = plan.get("throttle", {})
            self._expect(
                subject,
                f"may ask {rate} times a second, {burst} at once",
                (rate, burst),
                (limits.get("rateLimit"), limits.get("burstLimit")),
            )
            stages = [(stage["apiId"], stage["stage"]) for stage in plan.get("apiStages", [])]
            self._expect(subject, "has a plan for this stage alone", [(api_id, self.environment)], stages)
            members = client.get_usage_plan_keys(usagePlanId=plan["id"])["items"] if plan else []
            ids = sorted(str(key.get("id")) for key in valid)
            self._expect(subject, "has its key in that plan", ids, sorted(member["id"] for member in members))
            # Compared by what doesn't give the key away.
            digests = [_digest(key.get("value", "")) for key in valid]
            self._expect(subject, "finds its key in its secret", digests[:1], [self._secret_digest(holder)])
            known = [self._known_keys.get(digest[:16]) for digest in digests]
            wanted = [{"name": holder, "role": role}] * max(len(valid), 1)
            self._expect(subject, f"is known to the functions as a {role}", wanted, known)

    def _api_key(self, client: Any, key_id: str) -> dict[str, Any]:
        """Return a key with its value; by its id, because a list would hold the keys of other APIs."""
        try:
            found: dict[str, Any] = client.get_api_key(apiKey=key_id, includeValue=True)
        except client.exceptions.NotFoundException:
            return {}
        return found

    def _secret_digest(self, holder: str) -> str:
        secrets = self._client("secretsmanager")
        try:
            found = secrets.get_secret_value(SecretId=f"bbws/product-api/{self.environment}/{holder}")
        except secrets.exceptions.ResourceNotFoundException:
            return "there is no such secret"
        return _digest(found["SecretString"])

    # Operations

    def _alarms(self, subject: str) -> None:
        found = {
            alarm["AlarmName"]: alarm
            for page in self._client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix="bbws-")
            for alarm in page["MetricAlarms"]
        }
        for name, promise, threshold in self._promised_alarms():
            alarm = found.get(name)
            alarm_subject = f"alarm {name}"
            if alarm is None:
                self._note(alarm_subject, promise, "no: it isn't there", BROKEN)
                continue
            self._expect(alarm_subject, promise, threshold, alarm.get("Threshold"))
            actions = (alarm.get("AlarmActions"), alarm.get("OKActions"))
            told = actions == ([self._topic], [self._topic])
            self._expect(alarm_subject, "tells the topic of its begin and end", True, told)

    def _promised_alarms(self) -> Iterator[tuple[str, str, float]]:
        env = self.environment
        for queue in ("change", "audit"):
            yield f"bbws-product-{queue}-dlq-{env}-depth", "a message lies on the DLQ", 0
            yield f"bbws-product-{queue}-{env}-oldest-message", "a message waits for 5 minutes", 300
        if env != "local":
            yield f"bbws-product-backup-{env}-failures", "a copy of the table is not made", 0
        yield f"bbws-product-api-{env}-errors", "over 1 % of the answers are 5xx", 0.01
        for part in ("table", *INDEXES):
            for access in ("read", "write"):
                yield f"bbws-products-{env}-{part.lower()}-{access}-throttles", "DynamoDB throttles", 0
        lambda_client = self._client("lambda")
        for function, target in TARGETS_MS.items():
            name = names.function_in(env, function)
            try:
                lambda_client.get_alias(FunctionName=name, Name="live")
            except lambda_client.exceptions.ResourceNotFoundException:
                self._note(f"alarms of {name}", "come with the function", "it is not deployed yet", NOT_SHOWN)
                continue
            yield f"{name}-errors", "over 5 % of the invocations fail", 5
            if target is not None:
                yield f"{name}-duration", f"the 95th percentile is over {target} ms", target
                yield f"{name}-faults", "over 5 % of the requests get a 5xx", 5
            else:
                yield f"{name}-failed-messages", "a message fails", 0
            yield f"{name}-throttles", "Lambda throttles", 0

    def _backups(self, subject: str) -> None:
        # Nobody keeps copies of a stack that is gone tomorrow.
        if self.environment == "local":
            return
        vault = f"bbws-product-{self.environment}"
        found = self._client("backup").describe_backup_vault(BackupVaultName=vault)
        self._expect(f"vault {vault}", "is encrypted with a key of its own", True, bool(found.get("EncryptionKeyArn")))
        self._recent_copy(vault, found["CreationDate"])

    def _recent_copy(self, vault: str, made_at: datetime) -> None:
        hours = self.promised.hours_between_copies + COPY_HOURS
        earliest = datetime.now(UTC) - timedelta(hours=hours)
        pages = self._client("backup").get_paginator("list_recovery_points_by_backup_vault")
        found = [
            copy["CreationDate"]
            for page in pages.paginate(BackupVaultName=vault, ByCreatedAfter=earliest)
            for copy in page["RecoveryPoints"]
            if copy["Status"] == "COMPLETED"
        ]
        subject, promise = f"vault {vault}", f"has a copy of the last {hours} hours"
        if not found and made_at > earliest:
            self._note(subject, promise, f"the vault itself is of {made_at:%Y-%m-%d %H:%M} UTC", NOT_SHOWN)
            return
        self._expect(subject, promise, True, bool(found))


def main() -> None:
    """Look and print the table."""
    parser = command_line.parser(__doc__)
    command_line.add_report(parser)
    arguments = parser.parse_args()
    with command_line.orderly_end():
        account.check(arguments.environment)
        validate(arguments.environment, command_line.report(arguments))


def validate(environment: str, report: command_line.Report | None = None) -> None:
    """Look whether an environment is as promised, and print a table; end the script if it isn't."""
    findings = Validation(environment).run()
    rows = [(finding.state, finding.subject, finding.promise, finding.found) for finding in findings]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]))
    counts = ", ".join(
        f"{sum(finding.state == state for finding in findings)} {state}" for state in (KEPT, BROKEN, NOT_SHOWN)
    )
    print(f"{environment}: {counts}")
    lines = ["| | | promise | found |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    (report or command_line.Report()).summarise(f"## {environment}: {counts}\n\n" + "\n".join(lines))
    if any(finding.state == BROKEN for finding in findings):
        terraform.fail(f"{environment} is not what the design promises: see the lines that begin with {BROKEN}")


def _yes(promised: bool) -> str:
    return "yes" if promised else "no"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _object_lock(client: Any, bucket: str) -> tuple[str, int | None, int | None] | None:
    try:
        found = client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        return None
    retention = found["Rule"]["DefaultRetention"]
    return retention["Mode"], retention.get("Days"), retention.get("Years")


if __name__ == "__main__":
    main()
