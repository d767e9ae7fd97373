"""Runs this repository's Terraform for one environment."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent / "terraform"

# What Terraform says, and what to do about it in one line. The first that is found counts.
_FAILURES = (
    (
        r"Unable to find remote state",
        "the infrastructure of {environment} has no state: deploy 2_1_bbws_product_infrastructure first",
    ),
    (
        r'object does not have an attribute named "(\w+)"',
        'the infrastructure of {environment} has no output "{0}": deploy 2_1_bbws_product_infrastructure first',
    ),
    (r'S3 bucket "([^"]+)" does not exist', "the state bucket {0} does not exist: make it first"),
    (r'in S3 bucket "([^"]+)".* StatusCode: 403', "these credentials may not read the state bucket {0}"),
    (r"AWS account ID not allowed: (\d+)", "these credentials are for account {0}, which is not that of {environment}"),
    (r"No valid credential sources found", "no AWS credentials in the environment"),
    (r"Error acquiring the state lock", "another deployment to {environment} is running: the state is locked"),
)


def fail(message: str) -> NoReturn:
    """End the script with one line on standard error and exit code 1.

    Parameters
    ----------
    message
        What is wrong and what to do about it.
    """
    sys.exit(f"error: {message}")


def environments() -> list[str]:
    """Return the names of the environments that this repository can be deployed to."""
    return sorted(path.stem for path in (ROOT / "environments").glob("*.tfvars"))


def region(environment: str) -> str:
    """Return the AWS region of an environment, as its file of variables says."""
    variables = (ROOT / "environments" / f"{environment}.tfvars").read_text(encoding="utf-8")
    found = re.search(r'^region\s*=\s*"([^"]+)"', variables, re.MULTILINE)
    if found is None:
        fail(f"environments/{environment}.tfvars names no region")
    return found[1]


def apply(environment: str, repository: str, variables: Mapping[str, str] | None = None) -> None:
    """Apply the Terraform of this repository to an environment.

    Parameters
    ----------
    environment
        One of `environments()`.
    repository
        Name of the repository, the first part of its state's key.
    variables
        Terraform variables beside those of the environment's file.
    """
    if shutil.which("terraform") is None:
        fail("terraform is not on the PATH: install Terraform 1.11 or later")
    _run(
        environment,
        "init",
        "-reconfigure",
        "-lockfile=readonly",
        f"-backend-config=environments/{environment}.s3.tfbackend",
        f"-backend-config=key={repository}/terraform.tfstate",
    )
    _run(
        environment,
        "apply",
        "-auto-approve",
        f"-var-file=environments/{environment}.tfvars",
        *(f"-var={name}={value}" for name, value in (variables or {}).items()),
    )


def outputs() -> dict[str, object]:
    """Return the output values of the state that was applied last, by name."""
    shown = subprocess.run(
        ["terraform", f"-chdir={ROOT}", "output", "-json"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return {name: output["value"] for name, output in json.loads(shown).items()}


def _run(environment: str, command: str, *arguments: str) -> None:
    """Run one Terraform command; a failure ends the script, in one line where the cause is a known one."""
    # Interrupted, Terraform finishes what it began, writes its state and lets go of the lock: wait for that.
    interrupt = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        done = subprocess.run(
            ["terraform", f"-chdir={ROOT}", command, "-input=false", "-no-color", *arguments],
            check=False,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, interrupt)
    if done.returncode == 0:
        return
    said = " ".join(done.stderr.split())
    for pattern, meaning in _FAILURES:
        if found := re.search(pattern, said):
            fail(meaning.format(*found.groups(), environment=environment))
    sys.stderr.write(done.stderr)
    fail(f"terraform {command} failed for {environment}")
