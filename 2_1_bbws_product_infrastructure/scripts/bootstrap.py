#!/usr/bin/env python3
"""Makes one account ready for deployments, from a terminal of somebody who administers it.

    python scripts/bootstrap.py dev

It makes the bucket of Terraform's states and applies bootstrap/ with its state in there. What a former run left half
done is finished, what somebody else made is used as it is, and a run that finds everything in order changes nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import terraform

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOTSTRAP = Path(__file__).resolve().parent.parent / "bootstrap"
STATE_KEY = "2_1_bbws_product_infrastructure/bootstrap.tfstate"
# Who deploys: Terraform reads it by itself.
GITHUB = BOOTSTRAP / "github.auto.tfvars.json"

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
    arguments = parser.parse_args()
    environment: str = arguments.environment

    if shutil.which("terraform") is None:
        terraform.fail("terraform is not on the PATH: install Terraform 1.11 or later")
    if environment != "local" and not GITHUB.is_file():
        terraform.fail(f"bootstrap/{GITHUB.name} is not there: the README says what it holds")
    session = boto3.Session(region_name=terraform.region(environment))
    bucket = f"bbws-terraform-state-{environment}"
    try:
        check_account(session, environment)
        made = make_bucket(session, bucket, terraform.account_id(environment))
        print(f"state bucket {bucket}: {'made' if made else 'is there'}")
        run(environment, "init", "-reconfigure", "-lockfile=readonly", *backend(environment))
        findings = look(session, environment, resources_in_state())
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


def check_account(session: boto3.Session, environment: str) -> None:
    """Stop unless the credentials are for the environment's account."""
    identity = session.client("sts").get_caller_identity()
    wanted = terraform.account_id(environment)
    if identity["Account"] != wanted:
        terraform.fail(f"these credentials are for account {identity['Account']}, and {environment} is {wanted}")
    print(f"account {wanted}, {session.region_name}, as {identity['Arn']}")


def make_bucket(session: boto3.Session, bucket: str, account_id: str) -> bool:
    """Make the bucket of the states. Terraform settles the rest of it; a new bucket is private and encrypted.

    Returns
    -------
    bool
        False if the account had it.
    """
    s3 = session.client("s3")
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account_id)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 403:
            terraform.fail(f"the bucket {bucket} belongs to another account, or these credentials may not see it")
        if status != 404:
            raise
    else:
        return False
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": session.region_name})  # type: ignore[typeddict-item]
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    return True


def look(session: boto3.Session, environment: str, in_state: list[dict[str, Any]]) -> Findings:
    """Find what is there but not in the state, and say whose it is.

    Parameters
    ----------
    in_state
        Attributes of each resource in the state, with its ``type``.
    """
    known = {value for resource in in_state for value in (resource.get("name"), resource.get("bucket")) if value}
    managed = {resource["type"] for resource in in_state}
    iam = session.client("iam")

    def of_this_root(name: str) -> bool:
        return name.startswith("bbws-product-") and name.endswith(f"-{environment}")

    names = {f"bbws-terraform-state-{environment}"}
    names |= {role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]}
    policies = iam.get_paginator("list_policies").paginate(Scope="Local")
    names |= {policy["PolicyName"] for page in policies for policy in page["Policies"]}
    found = {name for name in names - known if of_this_root(name) or name.startswith("bbws-terraform-state-")}

    adopted = set()
    provider = f"arn:aws:iam::{terraform.account_id(environment)}:oidc-provider/{OIDC_HOST}"
    whose = "this root's"
    if "aws_iam_openid_connect_provider" not in managed:
        whose = "to be made"
        if provider in (known["Arn"] for known in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]):
            about = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
            if {"Key": "Component", "Value": "bootstrap"} in about.get("Tags", []):
                whose = "this root's, though its state doesn't know it"
                found.add(OIDC_HOST)
            else:
                whose = "somebody else's, used as it is"
                adopted.add("oidc_provider")
                if AUDIENCE not in about["ClientIDList"]:
                    terraform.fail(
                        f"{provider} doesn't serve the audience {AUDIENCE}: have its owner add that "
                        "(aws iam add-client-id-to-open-id-connect-provider)"
                    )
    print(f"GitHub's OIDC provider: {whose}")

    whose = "this root's"
    if "aws_api_gateway_account" not in managed:
        role = session.client("apigateway").get_account().get("cloudwatchRoleArn")
        whose = "to be made"
        if role and role.rpartition("/")[2] != f"bbws-product-api-logging-{environment}":
            name = role.rpartition("/")[2]
            if exists(iam, name):
                whose = f"somebody else's, used as it is: {name}"
                adopted.add("logging_role")
            else:
                whose = f"to be made: the account names {name}, which is no more"
    print(f"API Gateway's logging role: {whose}")
    return Findings(frozenset(found), frozenset(adopted))


def exists(iam: Any, role: str) -> bool:
    """Tell whether the account has a role."""
    try:
        iam.get_role(RoleName=role)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def backend(environment: str) -> Iterator[str]:
    """Yield what tells Terraform where the state of bootstrap/ is."""
    yield f"-backend-config=../terraform/environments/{environment}.s3.tfbackend"
    yield f"-backend-config=key={STATE_KEY}"


def resources_in_state() -> list[dict[str, Any]]:
    """Return the attributes and the type of each resource in the state; none before the first apply."""
    pulled = subprocess.run(
        ["terraform", f"-chdir={BOOTSTRAP}", "state", "pull"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    resources = json.loads(pulled)["resources"] if pulled.strip() else []
    return [
        {**instance["attributes"], "type": resource["type"]}
        for resource in resources
        for instance in resource["instances"]
    ]


def run(environment: str, command: str, *arguments: str) -> None:
    """Run a Terraform command in bootstrap/, in this terminal."""
    sys.stdout.flush()
    with left_to_terraform():
        done = subprocess.run(["terraform", f"-chdir={BOOTSTRAP}", command, *arguments], check=False)
    if done.returncode != 0:
        terraform.fail(f"terraform {command} failed for {environment}; run this again once the cause is mended")


@contextmanager
def left_to_terraform() -> Iterator[None]:
    """Leave Ctrl-C to Terraform, which finishes what it began and writes its state."""
    interrupt = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupt)


if __name__ == "__main__":
    main()
