"""A broken promise is noticed: ``scripts/validate_infrastructure.py`` and ``release.py`` of the infrastructure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack import Stack

# Makes the client of a service.
Clients: TypeAlias = "Callable[[str], Any]"
Undo: TypeAlias = "Callable[[], object]"

INFRASTRUCTURE = Path(__file__).resolve().parent.parent / "2_1_bbws_product_infrastructure"

QUEUE = "bbws-product-audit-local"
BUCKET = "bbws-product-audit-logs-local"
ALARM = "bbws-product-change-dlq-local-depth"
SECRET = "bbws/product-api/local/storefront"


def run(stack: Stack, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(INFRASTRUCTURE / "scripts" / script), "local", *arguments],
        env={**os.environ, **stack.variables, "API_URL": stack.api_url},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def client(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Clients:
    for name, value in stack.variables.items():
        monkeypatch.setenv(name, value)
    made: Clients = boto3.Session(region_name="eu-west-1").client
    return made


# Each breaks a promise and returns what mends it, so that Terraform sees no difference afterwards.


def longer_retention(client: Clients) -> Undo:
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "864000"})
    return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "345600"})


def no_versions(client: Clients) -> Undo:
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    return lambda: s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def anybody_deletes(client: Clients) -> Undo:
    s3 = client("s3")
    policy = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    s3.delete_bucket_policy(Bucket=BUCKET)
    return lambda: s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)


def no_recovery(client: Clients) -> Undo:
    dynamodb = client("dynamodb")

    def recover(*, enabled: bool) -> None:
        dynamodb.update_continuous_backups(
            TableName="bbws-products-local", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )

    recover(enabled=False)
    return lambda: recover(enabled=True)


def no_alarm(client: Clients) -> Undo:
    cloudwatch = client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    settings = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    cloudwatch.delete_alarms(AlarmNames=[ALARM])
    return lambda: cloudwatch.put_metric_alarm(**{name: alarm[name] for name in settings if name in alarm})


def another_secret(client: Clients) -> Undo:
    secrets = client("secretsmanager")
    before = secrets.get_secret_value(SecretId=SECRET)["VersionId"]
    after = secrets.put_secret_value(SecretId=SECRET, SecretString="another-key-another-key")["VersionId"]
    return lambda: secrets.update_secret_version_stage(
        SecretId=SECRET, VersionStage="AWSCURRENT", MoveToVersionId=before, RemoveFromVersionId=after
    )


def no_plan(client: Clients) -> Undo:
    gateway = client("apigateway")
    (plan,) = (item for item in gateway.get_usage_plans()["items"] if item["name"].endswith("-admin"))
    (key,) = gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    gateway.delete_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"])
    return lambda: gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")


BROKEN = {
    f"queue {QUEUE}": (longer_retention, "keeps messages 4 days"),
    f"bucket {BUCKET}": (no_versions, "keeps versions"),
    f"bucket {BUCKET}, its policy": (anybody_deletes, "is there"),
    "table bbws-products-local": (no_recovery, "can be restored to a point in time"),
    f"alarm {ALARM}": (no_alarm, "a message lies on the DLQ"),
    "client storefront": (another_secret, "finds its key in its secret"),
    "client admin": (no_plan, "has its key in that plan"),
}


def test_stack_is_as_promised(stack: Stack, tmp_path: Path) -> None:
    ended = run(stack, "validate_infrastructure.py", "--summary", str(tmp_path / "summary"))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " 0 BROKEN" in ended.stdout
    assert "| kept | table bbws-products-local | has its indexes | yes |" in (tmp_path / "summary").read_text()


def test_what_the_stand_in_does_not_act_on_is_not_called_kept(stack: Stack) -> None:
    lines = run(stack, "validate_infrastructure.py").stdout.splitlines()

    assert any(line.startswith("not shown") and "fire by themselves" in line for line in lines)


def test_no_key_is_printed(stack: Stack) -> None:
    ended = run(stack, "validate_infrastructure.py")

    assert not any(key in ended.stdout + ended.stderr for key in stack.api_keys.values())


@pytest.mark.parametrize("subject", BROKEN)
def test_broken_promise_is_named(stack: Stack, client: Clients, subject: str) -> None:
    break_it, promise = BROKEN[subject]

    undo = break_it(client)
    try:
        ended = run(stack, "validate_infrastructure.py")
    finally:
        undo()

    assert ended.returncode == 1
    broken = [line for line in ended.stdout.splitlines() if line.startswith("BROKEN")]
    assert [subject.partition(",")[0] in line and promise in line for line in broken] == [True]
    assert "local is not what the design promises" in ended.stderr
    assert " 0 BROKEN" in run(stack, "validate_infrastructure.py").stdout


def test_infrastructure_that_breaks_a_promise_is_not_released(stack: Stack, client: Clients) -> None:
    undo = longer_retention(client)
    try:
        ended = run(stack, "release.py", "--version", "")
    finally:
        undo()

    assert ended.returncode == 1
    assert "local is not what the design promises" in ended.stderr
    assert "deployed to local" not in ended.stdout
