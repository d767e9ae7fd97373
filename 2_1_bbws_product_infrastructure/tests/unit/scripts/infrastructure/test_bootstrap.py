"""scripts/bootstrap.py: what it makes, what it takes for its own, and where it stops."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.unit.scripts.conftest import ACCOUNTS
from tests.unit.scripts.infrastructure.conftest import Refusal

import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Ended, Terraform
    from tests.unit.scripts.infrastructure.conftest import Aws

BUCKET = "bbws-terraform-state-dev"
REPOSITORY = "2_1_bbws_product_infrastructure"
ACCOUNT = ACCOUNTS["dev"]
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(autouse=True)
def ready(
    sign_in: Callable[[str], None], aws: Aws, github: GitHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An account with nothing in it, and somebody who may deploy, from environments that are guarded."""
    sign_in("dev")
    aws.answers("apigateway.GetAccount", {})
    who = tmp_path / "github.auto.tfvars.json"
    who.write_text(json.dumps({"github": {"owner": "bbws", "owner_id": 1, "repositories": {REPOSITORY: 2}}}))
    monkeypatch.setattr(bootstrap, "GITHUB", who)
    monkeypatch.setenv("GITHUB_API_URL", github.address)
    monkeypatch.setenv("GITHUB_TOKEN", "of an administrator")
    branches = {"protected_branches": False, "custom_branch_policies": True}
    for name in ("dev", "dev-plan"):
        github.environments[name] = {"protection_rules": [], "deployment_branch_policy": branches}


class GitHub(HTTPServer):
    """Answers as GitHub's API does when it is asked for an environment; 404 for those it doesn't know."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.environments: dict[str, object] = {}


class _Handler(BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        name, _, branches = self.path.removeprefix(f"/repos/bbws/{REPOSITORY}/environments/").partition("/")
        found = self.server.environments.get(name)
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"branch_policies": [{"name": "main"}]} if branches else found).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


# Whom the account will trust


@pytest.mark.parametrize("name", ["dev", "dev-plan"])
def test_environment_that_is_missing_or_open_stops_it_before_anything(
    run: Callable[..., Ended], aws: Aws, github: GitHub, terraform_program: Terraform, name: str
) -> None:
    del github.environments[name]
    missing = run("bootstrap", "dev")
    github.environments[name] = {"protection_rules": [], "deployment_branch_policy": None}
    unguarded = run("bootstrap", "dev")

    assert (missing.status, unguarded.status) == (1, 1)
    assert f"GitHub answered 404 when asked for the rules of the environment {name} of bbws/{REPOSITORY}" in missing.err
    assert f"the GitHub environment {name} of bbws/{REPOSITORY} is open to every branch" in unguarded.err
    assert {call for call, _ in aws.calls} == {"sts.GetCallerIdentity"}
    assert not terraform_program.calls("init")


def test_without_a_token_somebody_says_by_their_names_that_the_environments_are_guarded(
    run: Callable[..., Ended], aws: Aws, github: GitHub, terraform_program: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    github.environments.clear()

    silent = run("bootstrap", "dev")
    other = run("bootstrap", "dev", "--guarded", "sit", "sit-plan")
    asked = {call for call, _ in aws.calls}
    said = run("bootstrap", "dev", "--guarded", "dev-plan", "dev")

    assert (silent.status, other.status, said.status) == (1, 1, 0)
    assert "error: GITHUB_TOKEN is not set" in silent.err
    assert "say --guarded dev dev-plan once you have looked" in silent.err
    assert other.err == "error: --guarded must name the two that dev will trust: dev dev-plan\n"
    assert asked == {"sts.GetCallerIdentity"}
    assert len(terraform_program.calls("apply")) == 1


# What it makes and takes for its own


def state(terraform_program: Terraform, *resources: tuple[str, dict[str, str]]) -> None:
    """Let resources of a type with these attributes be in the state of bootstrap/."""
    held = [{"type": kind, "instances": [{"attributes": attributes}]} for kind, attributes in resources]
    terraform_program.act("state", says=json.dumps({"resources": held}))


def applied(terraform_program: Terraform) -> dict[str, Any]:
    """Return the variables of the one apply: what was found, and what was adopted."""
    (call,) = terraform_program.calls("apply")
    values = dict(argument.removeprefix("-var=").split("=", 1) for argument in call if argument.startswith("-var="))
    return {name: json.loads(value) for name, value in values.items()}


def make_bucket(name: str = BUCKET) -> None:
    boto3.client("s3", region_name="eu-west-1").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )


def test_first_run_makes_the_bucket_before_terraform_and_applies(
    run: Callable[..., Ended], aws: Aws, terraform_program: Terraform
) -> None:
    ended = run("bootstrap", "dev")

    assert ended.status == 0, ended.err
    assert f"account {ACCOUNT}, eu-west-1\nstate bucket {BUCKET}: made\n" in ended.out
    assert "GitHub's OIDC provider: to be made\nAPI Gateway's logging role: to be made\n" in ended.out
    (asked,) = aws.asked("s3.CreateBucket")
    assert asked == {"Bucket": BUCKET, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    (init,) = terraform_program.calls("init")
    assert "-lockfile=readonly" in init
    assert "-backend-config=key=2_1_bbws_product_infrastructure/bootstrap.tfstate" in init
    assert "-backend-config=../terraform/environments/dev.s3.tfbackend" in init
    assert applied(terraform_program) == {"found": [BUCKET], "adopted": []}


@pytest.mark.parametrize(("arguments", "asks"), [((), True), (("--yes",), False)])
def test_terraform_asks_before_it_applies_unless_told_otherwise(
    run: Callable[..., Ended], terraform_program: Terraform, arguments: tuple[str, ...], *, asks: bool
) -> None:
    run("bootstrap", "dev", *arguments)

    (call,) = terraform_program.calls("apply")
    assert ("-auto-approve" not in call) is asks
    assert "-var-file=environments/dev.tfvars" in call


def test_run_that_finds_everything_in_its_state_takes_nothing_in(
    run: Callable[..., Ended], aws: Aws, terraform_program: Terraform
) -> None:
    make_bucket()
    boto3.client("iam").create_role(RoleName="bbws-product-deploy-dev", AssumeRolePolicyDocument=TRUST)
    state(
        terraform_program,
        ("aws_s3_bucket", {"bucket": BUCKET}),
        ("aws_iam_role", {"name": "bbws-product-deploy-dev"}),
        ("aws_iam_openid_connect_provider", {"arn": "…"}),
        ("aws_api_gateway_account", {"id": "…"}),
    )

    ended = run("bootstrap", "dev")

    assert ended.status == 0, ended.err
    assert f"state bucket {BUCKET}: is there\n" in ended.out
    assert "GitHub's OIDC provider: this root's\nAPI Gateway's logging role: this root's\n" in ended.out
    assert applied(terraform_program) == {"found": [], "adopted": []}
    assert len(aws.asked("s3.CreateBucket")) == 1


def test_what_a_run_that_broke_off_made_is_found_and_what_others_made_is_not(
    run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    make_bucket()
    iam = boto3.client("iam")
    tags = [{"Key": "Component", "Value": "bootstrap"}]
    for role in ("bbws-product-plan-dev", "bbws-break-glass", "bbws-product-plan-sit", "somebody-elses"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST, Tags=tags)
    key = boto3.client("kms", region_name="eu-west-1").create_key()["KeyMetadata"]["KeyId"]
    for alias in ("alias/bbws-product-alerts-dev", "alias/bbws-product-alerts-sit", "alias/another"):
        boto3.client("kms", region_name="eu-west-1").create_alias(AliasName=alias, TargetKeyId=key)
    make_bucket("bbws-product-audit-logs-dev")
    for policy in ("bbws-product-workflow-boundary-dev", "another-dev"):
        document = {"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, "Version": "2012-10-17"}
        iam.create_policy(PolicyName=policy, PolicyDocument=json.dumps(document))
    provider("bootstrap")

    ended = run("bootstrap", "dev")

    assert "GitHub's OIDC provider: this root's, though its state doesn't know it" in ended.out
    assert applied(terraform_program) == {
        "found": [
            "alias/bbws-product-alerts-dev",
            "bbws-break-glass",
            "bbws-product-audit-logs-dev",
            "bbws-product-plan-dev",
            "bbws-product-workflow-boundary-dev",
            BUCKET,
            "token.actions.githubusercontent.com",
        ],
        "adopted": [],
    }


def test_break_glass_role_that_somebody_else_made_is_not_taken_for_its_own(
    run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    boto3.client("iam").create_role(RoleName="bbws-break-glass", AssumeRolePolicyDocument=TRUST)

    run("bootstrap", "dev")

    assert applied(terraform_program)["found"] == [BUCKET]


def provider(component: str, *audiences: str) -> None:
    """Make GitHub's OIDC provider."""
    boto3.client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com",
        ClientIDList=audiences or ["sts.amazonaws.com"],
        Tags=[{"Key": "Component", "Value": component}],
    )


@pytest.mark.parametrize("role", ["somebody-elses", "bbws-product-api-logging-dev", "gone"])
def test_logging_role_of_somebody_else_is_used_as_it_is(
    run: Callable[..., Ended], aws: Aws, terraform_program: Terraform, role: str
) -> None:
    if role != "gone":
        boto3.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    aws.answers("apigateway.GetAccount", {"cloudwatchRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}"})

    ended = run("bootstrap", "dev")

    adopted = role == "somebody-elses"
    whose = f"somebody else's, used as it is: {role}" if adopted else "to be made"
    assert f"API Gateway's logging role: {whose}\n" in ended.out
    assert applied(terraform_program)["adopted"] == (["logging_role"] if adopted else [])


def test_provider_of_somebody_else_is_used_as_it_is(run: Callable[..., Ended], terraform_program: Terraform) -> None:
    provider("another project")

    ended = run("bootstrap", "dev")

    assert "GitHub's OIDC provider: somebody else's, used as it is" in ended.out
    assert applied(terraform_program)["adopted"] == ["oidc_provider"]


def test_provider_that_does_not_serve_aws_stops_it(run: Callable[..., Ended], terraform_program: Terraform) -> None:
    provider("another project", "https://example.com")

    ended = run("bootstrap", "dev")

    assert ended.status == 1
    assert "doesn't serve the audience sts.amazonaws.com: have its owner add it" in ended.err
    assert not terraform_program.calls("apply")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, f"the bucket {BUCKET} belongs to another account, or these credentials may not see it"),
        (500, "AWS refused or failed: "),
    ],
)
def test_bucket_that_cannot_be_seen_stops_it_before_anything(
    run: Callable[..., Ended], aws: Aws, terraform_program: Terraform, status: int, said: str
) -> None:
    aws.answers("s3.HeadBucket", Refusal(str(status), status))

    ended = run("bootstrap", "dev")

    assert ended.status == 1
    assert f"error: {said}" in ended.err
    assert not aws.asked("s3.CreateBucket")
    assert not terraform_program.calls("init")


def test_credentials_of_another_account_are_refused_before_anything(
    sign_in: Callable[[str], None], run: Callable[..., Ended], aws: Aws, terraform_program: Terraform
) -> None:
    sign_in("sit")

    ended = run("bootstrap", "dev")

    assert ended.status == 1
    assert "which is not that of dev" in ended.err
    assert [call for call, _ in aws.calls] == ["sts.GetCallerIdentity"]
    assert not terraform_program.calls("init")


def test_environment_without_somebody_who_deploys_is_refused_before_anything(
    run: Callable[..., Ended], aws: Aws, terraform_program: Terraform
) -> None:
    bootstrap.GITHUB.unlink()

    ended = run("bootstrap", "dev")

    said = "error: bootstrap/github.auto.tfvars.json is not there: the README says what it holds\n"
    assert (ended.status, ended.err, aws.calls) == (1, said, [])


def test_computer_without_terraform_is_told_before_anything(
    run: Callable[..., Ended], aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    ended = run("bootstrap", "dev")

    said = "error: terraform is not on the PATH: install Terraform 1.11 or later\n"
    assert (ended.status, ended.err, aws.calls) == (1, said, [])


@pytest.mark.parametrize("command", ["init", "apply"])
def test_failure_of_terraform_says_to_run_it_again(
    run: Callable[..., Ended], terraform_program: Terraform, command: str
) -> None:
    terraform_program.act(command, status=1)

    ended = run("bootstrap", "dev")

    said = f"error: terraform {command} did not go through for dev: run this again once the cause is mended\n"
    assert (ended.status, ended.err) == (1, said)
    assert len(terraform_program.calls("apply")) == (command == "apply")


def test_state_that_cannot_be_read_stops_it_before_anything_is_applied(
    run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    terraform_program.act("state", status=1)

    ended = run("bootstrap", "dev")

    assert ended.status == 1
    assert ended.err.endswith("error: the state of bootstrap/ can't be read: run this again once the cause is mended\n")
    assert not terraform_program.calls("apply")
