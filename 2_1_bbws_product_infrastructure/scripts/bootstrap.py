#!/usr/bin/env python3
"""Makes one account ready for deployments, from a terminal of somebody who administers it.

    python scripts/bootstrap.py dev

The GitHub environments that the account will trust have to be there and guarded: GitHub is asked, with the token in
GITHUB_TOKEN, or somebody who has looked says so: ``--guarded dev dev-plan``. One that is missing is made by GitHub as
soon as a workflow names it, without any rule, and whoever may push a branch could run there.

It makes the bucket of Terraform's states and applies bootstrap/ with its state in there. What a former run left half
done is finished, what somebody else made is used as it is, and a run that finds everything in order changes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import github_gate
from deployment import account, signals, terraform

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOTSTRAP = Path(__file__).resolve().parent.parent / "bootstrap"
STATE_KEY = "2_1_bbws_product_infrastructure/bootstrap.tfstate"
# Who deploys: Terraform reads it by itself.
GITHUB = BOOTSTRAP / "github.auto.tfvars.json"

# What can be found by its name, and which attribute that is: other resources name a bucket or a role as well.
NAMED_BY = {"aws_iam_policy": "name", "aws_iam_role": "name", "aws_kms_alias": "name", "aws_s3_bucket": "bucket"}

# As bootstrap/names.tf has them.
KEYS = ("alerts", "backup")
BREAK_GLASS_ROLE = "bbws-break-glass"

OIDC_HOST = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


@dataclass(frozen=True)
class Findings:
    """What an account holds that the state doesn't know.

    Attributes
    ----------
    found : frozenset of str
        Names of what can only be this root's: it is taken into the state.
    adopted : frozenset of str
        What somebody else made, as the variable of this name calls it: it is used and left alone.
    """

    found: frozenset[str]
    adopted: frozenset[str]


def main() -> None:
    """Look, make the bucket, apply."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", choices=terraform.environments())
    parser.add_argument("--yes", action="store_true", help="apply without asking")
    parser.add_argument(
        "--guarded",
        nargs="+",
        default=[],
        metavar="NAME",
        help="both GitHub environments of this one, whose rules somebody has looked at in every repository",
    )
    arguments = parser.parse_args()
    environment: str = arguments.environment

    if shutil.which("terraform") is None:
        terraform.fail("terraform is not on the PATH: install Terraform 1.11 or later")
    if environment != "local" and not GITHUB.is_file():
        terraform.fail(f"bootstrap/{GITHUB.name} is not there: the README says what it holds")
    bucket, _ = buckets(environment)
    try:
        account.check(environment)
        if environment != "local":
            check_github(environment, arguments.guarded)
        print(f"account {terraform.account_id(environment)}, {terraform.region(environment)}")
        made = make_bucket(environment, bucket)
        print(f"state bucket {bucket}: {'made' if made else 'is there'}")
        run(environment, "init", "-reconfigure", "-lockfile=readonly", *backend(environment))
        findings = look(environment, resources_in_state())
    except (BotoCoreError, ClientError) as error:
        terraform.fail(f"AWS refused or failed: {error}")
    run(
        environment,
        "apply",
        f"-var-file=environments/{environment}.tfvars",
        f"-var=found={json.dumps(sorted(findings.found))}",
        f"-var=adopted={json.dumps(sorted(findings.adopted))}",
        *(["-auto-approve"] if arguments.yes else []),
    )


def check_github(environment: str, guarded: list[str]) -> None:
    """Stop unless each GitHub environment that the account will trust is there and guarded.

    Parameters
    ----------
    guarded
        The names of those that somebody has looked at.
    """
    trusted = [environment, f"{environment}-plan"]
    if set(guarded) == set(trusted):
        return
    if guarded:
        terraform.fail(f"--guarded must name the two that {environment} will trust: {' '.join(trusted)}")
    if not os.environ.get("GITHUB_TOKEN"):
        terraform.fail(
            f"GITHUB_TOKEN is not set, so GitHub can't be asked whether the environments {' and '.join(trusted)} of "
            f"each repository are guarded: set it, or say --guarded {' '.join(trusted)} once you have looked"
        )
    github = json.loads(GITHUB.read_text(encoding="utf-8"))["github"]
    for repository in github["repositories"]:
        for name in trusted:
            github_gate.check(f"{github['owner']}/{repository}", name)
    print(f"the GitHub environments {' and '.join(trusted)} of each repository guard what they should")


def make_bucket(environment: str, bucket: str) -> bool:
    """Make the bucket of the states. Terraform settles the rest of it; a new bucket is private and encrypted.

    Returns
    -------
    bool
        False if the account had it.
    """
    if is_there(environment, bucket):
        return False
    region = terraform.region(environment)
    s3 = boto3.client("s3", region_name=region)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    return True


def is_there(environment: str, bucket: str) -> bool:
    """Tell whether the account has a bucket; stop if another account has it."""
    s3 = boto3.client("s3", region_name=terraform.region(environment))
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=terraform.account_id(environment))
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 403:
            terraform.fail(f"the bucket {bucket} belongs to another account, or these credentials may not see it")
        if status != 404:
            raise
        return False
    return True


def look(environment: str, in_state: list[dict[str, Any]]) -> Findings:
    """Find what is there but not in the state, and say whose it is.

    Parameters
    ----------
    in_state
        Attributes of each resource in the state, with its ``type``.
    """
    managed = {resource["type"] for resource in in_state}
    known = {resource[NAMED_BY[resource["type"]]] for resource in in_state if resource["type"] in NAMED_BY}
    found, adopted = names(environment) - known, set()

    if "aws_iam_openid_connect_provider" in managed:
        whose = "this root's"
    else:
        tags = provider_tags(environment)
        if tags is None:
            whose = "to be made"
        elif tags.get("Component") == "bootstrap":
            whose = "this root's, though its state doesn't know it"
            found.add(OIDC_HOST)
        else:
            whose = "somebody else's, used as it is"
            adopted.add("oidc_provider")
    print(f"GitHub's OIDC provider: {whose}")

    if "aws_api_gateway_account" in managed:
        whose = "this root's"
    else:
        role = logging_role(environment)
        if role is None or role == f"bbws-product-api-logging-{environment}":
            whose = "to be made"
        else:
            whose = f"somebody else's, used as it is: {role}"
            adopted.add("logging_role")
    print(f"API Gateway's logging role: {whose}")
    return Findings(frozenset(found), frozenset(adopted))


def names(environment: str) -> set[str]:
    """Return the names of the buckets, roles, policies and keys that are there and are named as this root's are."""
    iam = boto3.client("iam")
    there = {role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]}
    pages = iam.get_paginator("list_policies").paginate(Scope="Local")
    there |= {policy["PolicyName"] for page in pages for policy in page["Policies"]}
    ours = {name for name in there if name.startswith("bbws-product-") and name.endswith(f"-{environment}")}
    if BREAK_GLASS_ROLE in there:
        tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName=BREAK_GLASS_ROLE)["Tags"]}
        # Others may make roles of such names: theirs isn't taken for this one.
        ours |= {BREAK_GLASS_ROLE} if tags.get("Component") == "bootstrap" else set()
    kms = boto3.client("kms", region_name=terraform.region(environment))
    aliases = {alias["AliasName"] for page in kms.get_paginator("list_aliases").paginate() for alias in page["Aliases"]}
    ours |= aliases & {f"alias/bbws-product-{key}-{environment}" for key in KEYS}
    return ours | {bucket for bucket in buckets(environment) if is_there(environment, bucket)}


def buckets(environment: str) -> tuple[str, str]:
    """Return the names of the bucket of the states and of the audit bucket."""
    return f"bbws-terraform-state-{environment}", f"bbws-product-audit-logs-{environment}"


def provider_tags(environment: str) -> dict[str, str] | None:
    """Return the tags of GitHub's OIDC provider, None if the account has none; stop if it doesn't serve AWS."""
    iam = boto3.client("iam")
    provider = f"arn:aws:iam::{terraform.account_id(environment)}:oidc-provider/{OIDC_HOST}"
    if provider not in (each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]):
        return None
    about = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    if AUDIENCE not in about["ClientIDList"]:
        terraform.fail(
            f"{provider} doesn't serve the audience {AUDIENCE}: have its owner add it "
            "(aws iam add-client-id-to-open-id-connect-provider)"
        )
    return {tag["Key"]: tag["Value"] for tag in about.get("Tags", [])}


def logging_role(environment: str) -> str | None:
    """Return the name of the role that API Gateway has for its logs in this region; None if there is no such role."""
    arn = boto3.client("apigateway", region_name=terraform.region(environment)).get_account().get("cloudwatchRoleArn")
    if not arn:
        return None
    iam = boto3.client("iam")
    name: str = arn.rpartition("/")[2]
    try:
        iam.get_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        return None
    return name


def backend(environment: str) -> Iterator[str]:
    """Yield what tells Terraform where the state of bootstrap/ is."""
    yield f"-backend-config=../terraform/environments/{environment}.s3.tfbackend"
    yield f"-backend-config=key={STATE_KEY}"


def resources_in_state() -> list[dict[str, Any]]:
    """Return the attributes and the type of each resource in the state; none before the first apply."""
    pulled = subprocess.run(
        ["terraform", f"-chdir={BOOTSTRAP}", "state", "pull"], check=False, stdout=subprocess.PIPE, text=True
    )
    if pulled.returncode != 0:
        terraform.fail("the state of bootstrap/ can't be read: run this again once the cause is mended")
    resources = json.loads(pulled.stdout)["resources"] if pulled.stdout.strip() else []
    return [
        {**instance["attributes"], "type": resource["type"]}
        for resource in resources
        for instance in resource["instances"]
    ]


def run(environment: str, command: str, *arguments: str) -> None:
    """Run a Terraform command in bootstrap/, in this terminal."""
    sys.stdout.flush()
    # It finishes what it began and writes its state.
    with signals.left_to_child():
        done = subprocess.run(["terraform", f"-chdir={BOOTSTRAP}", command, *arguments], check=False)
    if done.returncode != 0:
        terraform.fail(
            f"terraform {command} did not go through for {environment}: run this again once the cause is mended"
        )


if __name__ == "__main__":
    main()
