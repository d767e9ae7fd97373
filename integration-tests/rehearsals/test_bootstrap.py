"""The bootstrap of an account: what it makes, adopts and finishes, whom it trusts, and what it lets them do."""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import hcl2
import pytest
from botocore.exceptions import ClientError
from rehearsals.policies import Document, Request, is_allowed

if TYPE_CHECKING:
    from collections.abc import Callable

INFRASTRUCTURE = Path(__file__).resolve().parent.parent.parent / "2_1_bbws_product_infrastructure"
FUNCTIONS = sorted(
    path.parent.parent.name for path in INFRASTRUCTURE.parent.glob("2_1_bbws_*/terraform/function.auto.tfvars.json")
)

ACCOUNT = "000000000000"
OIDC_HOST = "token.actions.githubusercontent.com"
OIDC_PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{OIDC_HOST}"
STATES = "arn:aws:s3:::bbws-terraform-state-local"
RECORDS = "arn:aws:s3:::bbws-product-audit-logs-local"
IAM = f"arn:aws:iam::{ACCOUNT}"
RUNTIME_BOUNDARY = f"{IAM}:policy/bbws-product-runtime-boundary-local"
MAPPING = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:event-source-mapping:any"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:bbws-get-product-local"
CREATOR = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:bbws-product-creator-local"
# The ids of keys are AWS's choice: `with_own_key` puts the first in place of the keys that the bootstrap makes.
OWN_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/own"
OTHER_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/another"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/bbws-products-local"

OWN = {"Component": "product-infrastructure", "Environment": "local"}
OWN_TAGS = {f"aws:ResourceTag/{name}": value for name, value in OWN.items()}
OWN_REQUEST_TAGS = {f"aws:RequestTag/{name}": value for name, value in OWN.items()}
OTHER_TAGS = {**OWN_TAGS, "aws:ResourceTag/Component": "another"}

GATEWAY = "arn:aws:apigateway:eu-west-1::"
GATEWAY_KINDS = ("apikeys", "domainnames", "restapis", "usageplans")
BACKUP_PLAN = f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-plan:abc"


def tags_of(kind: str, name: str) -> str:
    """Return as what API Gateway knows the tags of a resource."""
    return f"{GATEWAY}/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2F{kind}%2F{name}"


EVERYTHING: Document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Run:
    """A run of the script, and how it left what others may own.

    Attributes
    ----------
    provider
        The audiences of GitHub's provider.
    logging_role
        The role that API Gateway writes its logs with.
    """

    status: int
    said: str
    provider: list[str]
    logging_role: str


def bootstrap(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, INFRASTRUCTURE / "scripts" / "bootstrap.py", *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **variables},
    )


def run() -> Run:
    done = bootstrap("local", "--yes", TF_CLI_ARGS="-no-color")
    provider = boto3.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=OIDC_PROVIDER)
    account = boto3.client("apigateway").get_account()
    return Run(done.returncode, done.stdout, provider["ClientIDList"], account["cloudwatchRoleArn"])


def terraform(*arguments: str) -> None:
    subprocess.run(
        ["terraform", f"-chdir={INFRASTRUCTURE / 'bootstrap'}", *arguments], check=True, stdout=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def refused() -> subprocess.CompletedProcess[str]:
    """Return what came of a run with another account's credentials, before any other."""
    return bootstrap("local", "--yes", AWS_ACCESS_KEY_ID="111111111111")


@pytest.fixture(scope="module")
def first(refused: object) -> Run:
    """Return the first run, in an account where somebody else was before."""
    iam = boto3.client("iam")
    iam.create_open_id_connect_provider(Url=f"https://{OIDC_HOST}", ClientIDList=["sts.amazonaws.com", "somebody-else"])
    role = iam.create_role(RoleName="somebody-elses-logging", AssumeRolePolicyDocument='{"Statement": []}')
    boto3.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role["Role"]["Arn"]}]
    )
    return run()


@pytest.fixture(scope="module")
def second(first: Run) -> Run:
    """Return the second run."""
    return run()


@pytest.fixture(scope="module")
def third(second: Run) -> Run:
    """Return a run after somebody else has left the account, and the state has lost some of what is there."""
    iam = boto3.client("iam")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=OIDC_PROVIDER)
    iam.delete_role(RoleName="somebody-elses-logging")
    terraform(
        *("state", "rm", 'aws_iam_role.workflow["plan"]', 'aws_iam_policy.boundary["runtime"]'),
        *("aws_iam_role.break_glass", "aws_s3_bucket.audit", "aws_s3_bucket.state"),
        *('aws_kms_key.service["alerts"]', 'aws_kms_alias.service["alerts"]'),
    )
    return run()


# What it makes, adopts and finishes


def test_credentials_of_another_account_are_refused_before_anything(
    refused: subprocess.CompletedProcess[str],
) -> None:
    assert refused.returncode == 1
    assert refused.stdout == "error: these credentials are for account 111111111111, which is not that of local\n"
    other = boto3.client(
        "s3",
        aws_access_key_id="111111111111",
        aws_secret_access_key="unused",
        aws_session_token=os.environ["AWS_SESSION_TOKEN"],
    )
    assert other.list_buckets()["Buckets"] == []


def test_environment_without_repositories_is_refused_before_anything() -> None:
    done = bootstrap("dev", "--yes")

    assert done.returncode == 1
    assert done.stdout == "error: bootstrap/github.auto.tfvars.json is not there: the README says what it holds\n"


def test_first_run_makes_the_bucket_and_the_roles(first: Run) -> None:
    assert first.status == 0, first.said
    assert "state bucket bbws-terraform-state-local: made\n" in first.said
    s3, iam = boto3.client("s3"), boto3.client("iam")
    assert s3.get_bucket_versioning(Bucket="bbws-terraform-state-local")["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket="bbws-terraform-state-local")["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    for name in ("bbws-product-deploy-local", "bbws-product-plan-local"):
        boundary = iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
        assert boundary == f"{IAM}:policy/bbws-product-workflow-boundary-local"


def test_state_is_in_the_bucket_that_it_describes(first: Run) -> None:
    key = "2_1_bbws_product_infrastructure/bootstrap.tfstate"
    state = boto3.client("s3").get_object(Bucket="bbws-terraform-state-local", Key=key)["Body"].read()

    assert "aws_s3_bucket" in {resource["type"] for resource in json.loads(state)["resources"]}


def test_what_somebody_else_made_is_used_and_left_alone(first: Run, second: Run) -> None:
    for each in (first, second):
        assert "GitHub's OIDC provider: somebody else's, used as it is\n" in each.said
        assert "API Gateway's logging role: somebody else's, used as it is: somebody-elses-logging\n" in each.said
        assert each.provider == ["sts.amazonaws.com", "somebody-else"]
        assert each.logging_role == f"{IAM}:role/somebody-elses-logging"


def test_second_run_changes_nothing(second: Run) -> None:
    assert second.status == 0, second.said
    assert "state bucket bbws-terraform-state-local: is there\n" in second.said
    assert "No changes. Your infrastructure matches the configuration." in second.said


def test_what_is_there_is_taken_into_the_state_again_and_what_is_gone_is_made(third: Run) -> None:
    assert third.status == 0, third.said
    assert "Resources: 7 imported, " in third.said
    assert ", 0 destroyed." in third.said
    assert third.provider == ["sts.amazonaws.com"]
    assert third.logging_role == f"{IAM}:role/bbws-product-api-logging-local"


def test_only_the_break_glass_role_that_it_made_deletes_audit_records(third: Run) -> None:
    iam, s3 = boto3.client("iam"), boto3.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket="bbws-product-audit-logs-local")["Policy"])
    (deletion,) = (each for each in policy["Statement"] if "s3:DeleteObjectVersion" in each["Action"])

    role_id = iam.get_role(RoleName="bbws-break-glass")["Role"]["RoleId"]
    assert deletion["Effect"] == "Deny"
    assert deletion["Condition"] == {"StringNotLike": {"aws:userid": f"{role_id}:*"}}


# Whom the roles trust


def token(subject: str, audience: str = "sts.amazonaws.com") -> str:
    """Return a token that says so; MiniStack doesn't check who signed it."""
    parts = [
        {"alg": "RS256", "typ": "JWT"},
        {"iss": f"https://{OIDC_HOST}", "aud": audience, "sub": subject},
    ]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "s"]
    )


def assume(role: str, web_identity_token: str) -> boto3.Session:
    """Return a session of a workflow that assumed a role."""
    credentials = boto3.client("sts").assume_role_with_web_identity(
        RoleArn=f"{IAM}:role/bbws-product-{role}-local",
        RoleSessionName="rehearsal",
        WebIdentityToken=web_identity_token,
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


REPOSITORY = "repo:example@1000/2_1_bbws_get_product@2001"
TREE = "repo:example@1000/the-whole-tree@2003"


@pytest.mark.parametrize("repository", [REPOSITORY, TREE])
@pytest.mark.parametrize(("role", "environment"), [("deploy", "local"), ("plan", "local-plan")])
def test_workflow_of_the_project_assumes_the_role_of_its_environment(
    repository: str, role: str, environment: str, third: Run
) -> None:
    session = assume(role, token(f"{repository}:environment:{environment}"))

    assert session.client("sts").get_caller_identity()["Arn"].endswith(f"/bbws-product-{role}-local/rehearsal")


@pytest.mark.parametrize("role", ["deploy", "plan"])
@pytest.mark.parametrize(
    "subject",
    [
        f"{REPOSITORY}:environment:prod",
        f"{REPOSITORY}:environment:local-plan-2",
        f"{REPOSITORY}:ref:refs/heads/main",
        f"{REPOSITORY}:pull_request",
        # The same names, taken by somebody else later.
        "repo:example@1001/2_1_bbws_get_product@2001:environment:local",
        "repo:example@1000/2_1_bbws_get_product@2009:environment:local",
        "repo:example/2_1_bbws_get_product:environment:local",
        "repo:example@1000/another-project@2001:environment:local",
    ],
)
def test_nobody_else_assumes_a_role(role: str, subject: str, third: Run) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(role, token(subject))


def test_deploy_role_is_not_for_the_environment_without_reviewers(third: Run) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        assume("deploy", token(f"{REPOSITORY}:environment:local-plan"))


def test_token_for_another_audience_is_of_no_use(third: Run) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        assume("deploy", token(f"{REPOSITORY}:environment:local", audience="https://github.com/example"))


def test_nobody_assumes_the_break_glass_role_without_a_second_factor(third: Run) -> None:
    iam = boto3.client("iam")
    statement = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}
    for name in ("the-owner", "somebody-else"):
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=json.dumps(statement))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        sts = boto3.client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=role_arn("bbws-break-glass"), RoleSessionName="emergency")


# What the roles may do


@dataclass(frozen=True)
class Role:
    """A role as the account holds it."""

    granted: list[Document]
    boundary: Document

    def may(self, request: Request) -> bool:
        return is_allowed(request, self.granted, self.boundary)


def document(arn: str) -> Document:
    """Return a policy as the account holds it."""
    iam = boto3.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return with_own_key(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def with_own_key(policy: Document) -> Document:
    """Return a policy with one key in place of those that the bootstrap makes."""
    text = json.dumps(policy)
    for key in own_keys():
        text = text.replace(f"key/{key}", "key/own")
    replaced: Document = json.loads(text)
    return replaced


@functools.cache
def own_keys() -> list[str]:
    """Return the ids of the keys that the bootstrap makes."""
    kms = boto3.client("kms")
    aliases = ("alias/bbws-product-alerts-local", "alias/bbws-product-backup-local")
    return [kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] for alias in aliases]


@pytest.fixture(scope="module")
def roles(third: Run) -> dict[str, Role]:
    iam = boto3.client("iam")
    found = {}
    for role in ("deploy", "plan"):
        attached = iam.list_attached_role_policies(RoleName=f"bbws-product-{role}-local")["AttachedPolicies"]
        found[role] = Role(
            [document(policy["PolicyArn"]) for policy in attached],
            document(f"{IAM}:policy/bbws-product-workflow-boundary-local"),
        )
    return found


def role_arn(name: str) -> str:
    return f"{IAM}:role/{name}"


def under(boundary: str) -> dict[str, str]:
    return {"iam:PermissionsBoundary": boundary}


LOOK = [
    Request("apigateway:GET", f"{GATEWAY}/restapis/abc/stages/local", OWN_TAGS),
    Request("apigateway:GET", f"{GATEWAY}/apikeys/abc", OWN_TAGS),
    Request("apigateway:GET", f"{GATEWAY}/restapis"),
    Request("backup:GetBackupPlan", BACKUP_PLAN, OWN_TAGS),
    Request("dynamodb:DescribeTable", TABLE),
    Request("iam:GetRolePolicy", role_arn("bbws-get-product-local")),
    Request("lambda:GetFunction", FUNCTION),
    Request("lambda:GetAlias", f"{FUNCTION}:live"),
    Request("lambda:GetEventSourceMapping", MAPPING, {"lambda:FunctionArn": f"{CREATOR}:live"}),
    Request("s3:GetBucketPolicy", RECORDS),
    Request("s3:ListBucket", STATES),
    Request("s3:GetObject", f"{STATES}/2_1_bbws_product_infrastructure/terraform.tfstate"),
    Request("s3:GetObject", f"{STATES}/deployed/2_1_bbws_get_product.json"),
    Request("s3:PutObject", f"{STATES}/2_1_bbws_get_product/terraform.tfstate.tflock"),
    Request("s3:DeleteObject", f"{STATES}/2_1_bbws_get_product/terraform.tfstate.tflock"),
    Request("s3:PutObject", f"{STATES}/plans/2_1_bbws_get_product/1.tfplan"),
]

CHANGE = [
    # What is made is tagged at once: API Gateway asks for that besides, of a resource with an asterisk for its id.
    *(Request("apigateway:POST", f"{GATEWAY}/{kind}", OWN_REQUEST_TAGS) for kind in GATEWAY_KINDS),
    *(Request("apigateway:PUT", tags_of(kind, "*"), OWN_REQUEST_TAGS) for kind in GATEWAY_KINDS),
    *(
        Request(f"apigateway:{method}", f"{GATEWAY}/{kind}/abc", OWN_TAGS)
        for method in ("DELETE", "PATCH")
        for kind in GATEWAY_KINDS
    ),
    Request("apigateway:POST", f"{GATEWAY}/restapis/abc/deployments", OWN_TAGS),
    Request("apigateway:POST", f"{GATEWAY}/usageplans/abc/keys", OWN_TAGS),
    Request("apigateway:SetWebACL", f"{GATEWAY}/restapis/abc/stages/local", OWN_TAGS),
    Request("backup:CreateBackupPlan", BACKUP_PLAN, OWN_REQUEST_TAGS),
    Request("backup:CreateBackupSelection", BACKUP_PLAN, OWN_TAGS),
    Request("backup:DeleteBackupPlan", BACKUP_PLAN, OWN_TAGS),
    *(
        Request("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:bbws-{alarm}")
        for alarm in (
            "get-product-local-errors",
            "product-change-dlq-local-depth",
            "products-local-table-read-throttles",
        )
    ),
    Request("dynamodb:UpdateTable", TABLE),
    Request("iam:CreateRole", role_arn("bbws-get-product-local"), under(RUNTIME_BOUNDARY)),
    Request("iam:PutRolePolicy", role_arn("bbws-get-product-local"), under(RUNTIME_BOUNDARY)),
    Request("iam:PassRole", role_arn("bbws-get-product-local"), {"iam:PassedToService": "lambda.amazonaws.com"}),
    Request("iam:PassRole", role_arn("bbws-product-backup-local"), {"iam:PassedToService": "backup.amazonaws.com"}),
    Request("lambda:UpdateFunctionCode", FUNCTION),
    Request("lambda:InvokeFunction", f"{FUNCTION}:7"),
    Request("lambda:CreateEventSourceMapping", "*", {"lambda:FunctionArn": f"{CREATOR}:live"}),
    Request("logs:CreateLogGroup", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/bbws-get-product-local"),
    Request("s3:PutObject", f"{STATES}/2_1_bbws_get_product/terraform.tfstate"),
    Request("s3:PutObject", f"{STATES}/deployed/2_1_bbws_get_product.json"),
    Request("sqs:SetQueueAttributes", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:bbws-product-change-local"),
    Request("kms:CreateGrant", OWN_KEY),
]

# Other projects' with such names.
OTHERS = [
    Request("lambda:UpdateFunctionCode", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:bbws-another-local"),
    Request("lambda:GetFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:bbws-another-local"),
    Request("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:bbws-another-local:live"),
    Request(
        "lambda:DeleteEventSourceMapping",
        MAPPING,
        {"lambda:FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:bbws-another-local"},
    ),
    Request("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:bbws-another-local-errors"),
    Request("logs:DeleteLogGroup", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/bbws-another-local"),
]

# Not even if somebody attached AdministratorAccess.
NEVER = [
    # Its own powers.
    Request("iam:AttachRolePolicy", role_arn("bbws-product-deploy-local")),
    Request("iam:PutRolePolicy", role_arn("bbws-product-deploy-local"), under(RUNTIME_BOUNDARY)),
    Request("iam:UpdateAssumeRolePolicy", role_arn("bbws-product-deploy-local")),
    Request("iam:UpdateAssumeRolePolicy", role_arn("bbws-product-plan-local")),
    Request("iam:DeleteRolePermissionsBoundary", role_arn("bbws-product-deploy-local")),
    Request("iam:DeleteRolePermissionsBoundary", role_arn("bbws-get-product-local"), under(RUNTIME_BOUNDARY)),
    Request("iam:PassRole", role_arn("bbws-product-deploy-local"), {"iam:PassedToService": "lambda.amazonaws.com"}),
    Request("iam:CreatePolicyVersion", RUNTIME_BOUNDARY),
    Request("iam:CreatePolicyVersion", f"{IAM}:policy/bbws-product-workflow-boundary-local"),
    Request("iam:CreatePolicyVersion", f"{IAM}:policy/bbws-product-deploy-states-local"),
    Request("iam:AddClientIDToOpenIDConnectProvider", OIDC_PROVIDER),
    Request("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/example.com"),
    Request("iam:CreateUser", f"{IAM}:user/somebody"),
    # Others' powers.
    Request("iam:CreateRole", role_arn("bbws-get-product-local")),
    Request("iam:CreateRole", role_arn("bbws-get-product-local"), under("arn:aws:iam::aws:policy/AdministratorAccess")),
    Request("iam:CreateRole", role_arn("another-local"), under(RUNTIME_BOUNDARY)),
    Request("iam:CreateRole", role_arn("bbws-break-glass"), under(RUNTIME_BOUNDARY)),
    Request("iam:PutRolePolicy", role_arn("bbws-get-product-local")),
    Request("iam:AttachRolePolicy", role_arn("bbws-get-product-local"), under(RUNTIME_BOUNDARY)),
    Request("iam:PassRole", role_arn("bbws-get-product-local"), {"iam:PassedToService": "ec2.amazonaws.com"}),
    Request("iam:PassRole", role_arn("admin"), {"iam:PassedToService": "lambda.amazonaws.com"}),
    Request("iam:PassRole", role_arn("bbws-product-restore-local"), {"iam:PassedToService": "backup.amazonaws.com"}),
    Request("sts:AssumeRole", role_arn("bbws-break-glass")),
    Request("apigateway:PATCH", "arn:aws:apigateway:eu-west-1::/account"),
    # The account's states and records.
    Request("s3:GetObject", f"{STATES}/2_1_bbws_product_infrastructure/bootstrap.tfstate"),
    Request("s3:PutObject", f"{STATES}/2_1_bbws_product_infrastructure/bootstrap.tfstate"),
    Request("s3:DeleteObjectVersion", f"{STATES}/2_1_bbws_get_product/terraform.tfstate"),
    Request("s3:PutBucketPolicy", STATES),
    Request("s3:PutBucketVersioning", STATES),
    Request("s3:DeleteBucket", STATES),
    Request("s3:PutObject", f"{RECORDS}/2026/11/22/made-up.json"),
    *(
        Request(f"s3:{action}", RECORDS)
        for action in (
            "CreateBucket",
            "DeleteBucket",
            "DeleteBucketPolicy",
            "PutBucketAcl",
            "PutBucketObjectLockConfiguration",
            "PutBucketPolicy",
            "PutBucketPublicAccessBlock",
            "PutBucketVersioning",
            "PutEncryptionConfiguration",
            "PutLifecycleConfiguration",
            "PutReplicationConfiguration",
        )
    ),
    Request("s3:DeleteObject", f"{RECORDS}/2026/11/22/record.json"),
    Request("s3:BypassGovernanceRetention", f"{RECORDS}/2026/11/22/record.json"),
    # Other projects.
    Request("dynamodb:DeleteTable", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/another"),
    Request("lambda:UpdateFunctionCode", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:another"),
    Request("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:another-abcdef"),
    *(
        Request(f"apigateway:{method}", f"{GATEWAY}/{kind}/abc", tags)
        for method in ("DELETE", "GET", "PATCH")
        for kind in GATEWAY_KINDS
        for tags in ({}, OTHER_TAGS)
    ),
    *(Request("apigateway:POST", f"{GATEWAY}/{kind}") for kind in GATEWAY_KINDS),
    Request("apigateway:GET", f"{GATEWAY}/apikeys"),
    Request("apigateway:SetWebACL", f"{GATEWAY}/restapis/abc/stages/local"),
    *(
        Request("apigateway:PUT", tags_of(kind, "abc"), {**OWN_REQUEST_TAGS, **tags})
        for kind in GATEWAY_KINDS
        for tags in ({}, OTHER_TAGS)
    ),
    *(
        Request(f"backup:{action}", BACKUP_PLAN, tags)
        for action in ("CreateBackupPlan", "DeleteBackupPlan", "GetBackupPlan", "UpdateBackupPlan")
        for tags in ({}, OTHER_TAGS)
    ),
    Request("backup:TagResource", BACKUP_PLAN, OWN_REQUEST_TAGS),
    Request("acm:DeleteCertificate", f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/abc"),
    Request("acm:DescribeCertificate", f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/abc"),
    # A key without tags, and one that bears this project's.
    *(Request("kms:TagResource", key, OWN_REQUEST_TAGS) for key in (OTHER_KEY, OWN_KEY)),
    *(
        Request(action, key, tags)
        for action in ("kms:Decrypt", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
        for key, tags in ((OTHER_KEY, {}), (OTHER_KEY, OWN_TAGS), *([] if action == "kms:Decrypt" else [(OWN_KEY, {})]))
    ),
    Request("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/bbws-product-backup-local"),
    # Roles of other projects have such names, too.
    Request("iam:CreateRole", role_arn("bbws-another-local"), under(RUNTIME_BOUNDARY)),
    Request("iam:UpdateAssumeRolePolicy", role_arn("bbws-another-local")),
    Request("iam:PassRole", role_arn("bbws-another-local"), {"iam:PassedToService": "lambda.amazonaws.com"}),
    Request(
        "lambda:CreateEventSourceMapping",
        "*",
        {"lambda:FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:another"},
    ),
    Request("ec2:RunInstances", "*"),
]


@pytest.mark.parametrize("request_", [*LOOK, *CHANGE], ids=str)
def test_deploy_role_may(request_: Request, roles: dict[str, Role]) -> None:
    assert roles["deploy"].may(request_)


@pytest.mark.parametrize("request_", LOOK, ids=str)
def test_plan_role_may(request_: Request, roles: dict[str, Role]) -> None:
    assert roles["plan"].may(request_)


@pytest.mark.parametrize("request_", [*CHANGE, *NEVER, *OTHERS], ids=str)
def test_plan_role_may_not(request_: Request, roles: dict[str, Role]) -> None:
    assert not roles["plan"].may(request_)


@pytest.mark.parametrize("request_", [*NEVER, *OTHERS], ids=str)
def test_deploy_role_may_not(request_: Request, roles: dict[str, Role]) -> None:
    assert not roles["deploy"].may(request_)


@pytest.mark.parametrize("request_", NEVER, ids=str)
def test_boundary_holds_whatever_is_attached(request_: Request, roles: dict[str, Role]) -> None:
    assert not Role([EVERYTHING], roles["deploy"].boundary).may(request_)


def test_what_the_account_itself_says_agrees(third: Run) -> None:
    deploy = assume("deploy", token(f"{REPOSITORY}:environment:local"))
    plan = assume("plan", token(f"{REPOSITORY}:environment:local-plan"))
    bucket = "bbws-terraform-state-local"

    plan.client("s3").put_object(Bucket=bucket, Key="plans/2_1_bbws_get_product/1.tfplan", Body=b"a plan")
    assert (
        deploy.client("s3").get_object(Bucket=bucket, Key="plans/2_1_bbws_get_product/1.tfplan")["ContentLength"] == 6
    )
    attempts: list[Callable[[], object]] = [
        lambda: plan.client("s3").put_object(Bucket=bucket, Key="2_1_bbws_get_product/terraform.tfstate", Body=b"{}"),
        lambda: deploy.client("s3").get_object(Bucket=bucket, Key="2_1_bbws_product_infrastructure/bootstrap.tfstate"),
        lambda: deploy.client("iam").create_role(
            RoleName="bbws-new-local", AssumeRolePolicyDocument='{"Statement": []}'
        ),
        lambda: deploy.client("iam").delete_role_permissions_boundary(RoleName="bbws-product-deploy-local"),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()


# What AWS Backup may do to restore the table


@pytest.fixture(scope="module")
def restoration(third: Run) -> Role:
    role = {"RoleName": "bbws-product-restore-local"}
    policy = boto3.client("iam").get_role_policy(**role, PolicyName="restore")["PolicyDocument"]
    return Role([with_own_key(policy)], EVERYTHING)


VIA_DYNAMODB = {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}


@pytest.mark.parametrize(
    "request_",
    [
        # As AWS's own AWSBackupServiceRolePolicyForRestores has them for DynamoDB.
        *(
            Request(f"dynamodb:{action}", table)
            for action in (
                "BatchWriteItem",
                "DeleteItem",
                "DescribeTable",
                "GetItem",
                "PutItem",
                "Query",
                "RestoreTableFromAwsBackup",
                "Scan",
                "UpdateItem",
            )
            for table in (TABLE, f"{TABLE}-20261122")
        ),
        Request("dynamodb:RestoreTableFromBackup", f"{TABLE}/backup/abc"),
        Request("kms:Decrypt", OWN_KEY),
        Request("kms:CreateGrant", OWN_KEY, {"kms:GrantIsForAWSResource": "true"}),
        Request("kms:Decrypt", OTHER_KEY, VIA_DYNAMODB),
    ],
    ids=str,
)
def test_backup_may_restore_a_copy_of_the_table(request_: Request, restoration: Role) -> None:
    assert restoration.may(request_)


@pytest.mark.parametrize(
    "request_",
    [
        Request("dynamodb:RestoreTableFromAwsBackup", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/another"),
        Request("dynamodb:DeleteTable", TABLE),
        Request("kms:Decrypt", OTHER_KEY),
        Request("kms:CreateGrant", OWN_KEY),
        Request("backup:DeleteRecoveryPoint", BACKUP_PLAN),
    ],
    ids=str,
)
def test_backup_may_restore_nothing_else(request_: Request, restoration: Role) -> None:
    assert not restoration.may(request_)


# What roles made by deployments may do at most


def permissions_of(repository: str) -> list[Request]:
    """Return what a function's own statements allow it, in the environment local."""
    text = (INFRASTRUCTURE.parent / repository / "terraform" / "needs.tf").read_text(encoding="utf-8")
    arns = {
        "table": TABLE,
        "audit_bucket": RECORDS,
        **{
            name: f"arn:aws:sqs:eu-west-1:{ACCOUNT}:bbws-product-{name.replace('_queue', '').replace('_', '-')}-local"
            for name in ("change_queue", "audit_queue", "change_dlq", "audit_dlq")
        },
    }
    return [
        Request(
            action.strip('"'),
            re.sub(
                r"\$\{local\.infrastructure\.(\w+)_arn\}", lambda found: arns[found[1]], resource.strip('"')
            ).replace("*", "a/b.json"),
            # The one condition that a function's permission has.
            {"s3:if-none-match": "*"} if "condition" in statement else {},
        )
        for statement in hcl2.loads(text)["locals"][0]["statements"].values()
        for action in statement["actions"]
        for resource in statement["resources"]
    ]


@pytest.mark.parametrize("repository", FUNCTIONS)
def test_runtime_boundary_lets_functions_do_their_work(repository: str, third: Run) -> None:
    boundary = document(RUNTIME_BOUNDARY)

    wanted = permissions_of(repository)

    assert wanted
    assert [str(request) for request in wanted if not is_allowed(request, [EVERYTHING], boundary)] == []


@pytest.mark.parametrize(
    "request_",
    [
        *NEVER,
        Request("iam:CreateRole", role_arn("bbws-get-product-local"), under(RUNTIME_BOUNDARY)),
        Request("iam:PassRole", role_arn("bbws-get-product-local"), {"iam:PassedToService": "lambda.amazonaws.com"}),
        Request("lambda:UpdateFunctionCode", FUNCTION),
        Request("dynamodb:DeleteTable", TABLE),
        Request("s3:GetObject", f"{STATES}/2_1_bbws_product_infrastructure/terraform.tfstate"),
        Request(
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:bbws/product-api/local/admin-abcdef",
        ),
        Request("s3:GetObject", f"{RECORDS}/2026/11/22/record.json"),
    ],
    ids=str,
)
def test_runtime_boundary_lets_nothing_else(request_: Request, third: Run) -> None:
    assert not is_allowed(request_, [EVERYTHING], document(RUNTIME_BOUNDARY))
