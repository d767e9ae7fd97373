"""Runs this repository's Terraform for one environment."""

from __future__ import annotations

import codecs
import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from deployment.signals import Interruption

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

# With -detailed-exitcode: there are changes.
_CHANGES = 2

_LOOK_SECONDS = 0.2

ROOT = Path(__file__).resolve().parents[2] / "terraform"

# What Terraform says, and what to do about it in one line. The first that is found counts. The tests have Terraform
# itself say each of them.
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
    (
        r"Error acquiring the state lock.*? Who: +(\S+)",
        (
            "another deployment to {environment} is running: {0} holds the lock of the state. Wait for its end; if it "
            "was killed, remove the lock, which lies beside the state"
        ),
    ),
    (
        r"Saved plan is stale",
        (
            "this plan is older than the state of {environment}, which another deployment changed since: run "
            "scripts/plan.py again. Nothing was changed"
        ),
    ),
    (
        r"plan file was created by Terraform (\S+), but this is (\S+?);",
        "this plan was made by Terraform {0}, and this is {1}: run scripts/plan.py again, with the same version",
    ),
    (
        r"Failed to load .* as a plan file|Failed to read plan from plan file",
        "this plan can't be read: run scripts/plan.py again",
    ),
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
    return _variable(environment, "region")


def account_id(environment: str) -> str:
    """Return the AWS account of an environment, as its file of variables says."""
    return _variable(environment, "account_id")


@dataclass(frozen=True)
class Planned:
    """What a plan says.

    Attributes
    ----------
    text : str
        As Terraform shows it, with secrets masked.
    changes : bool
        Whether it changes anything.
    """

    text: str
    changes: bool


@dataclass(frozen=True)
class Destruction:
    """A resource that a plan takes away, perhaps to make it anew.

    Attributes
    ----------
    address : str
        Where it is in the configuration.
    resource_type : str
        Such as ``aws_sqs_queue``.
    replaced : bool
        Whether it is made anew.
    tainted : bool
        Whether that is because a deployment was cut short while it was made.
    """

    address: str
    resource_type: str
    replaced: bool
    tainted: bool


def init(environment: str, repository: str) -> None:
    """Make this root ready to work on an environment.

    Parameters
    ----------
    environment
        One of `environments()`.
    repository
        Name of the repository, the first part of its state's key.
    """
    if shutil.which("terraform") is None:
        fail("terraform is not on the PATH: install Terraform 1.11 or later")
    _run(
        environment,
        "init",
        "-input=false",
        "-reconfigure",
        "-lockfile=readonly",
        f"-backend-config=environments/{environment}.s3.tfbackend",
        f"-backend-config=key={repository}/terraform.tfstate",
    )


def plan(environment: str, file: Path, variables: Mapping[str, str]) -> Planned:
    """Plan what is to change in an environment. Nothing changes by that.

    Parameters
    ----------
    file
        Gets the plan, which holds secrets.
    variables
        Terraform variables beside those of the environment's file.
    """
    status, text = _run(
        environment,
        "plan",
        "-input=false",
        "-detailed-exitcode",
        f"-out={file}",
        f"-var-file=environments/{environment}.tfvars",
        *(f"-var={name}={value}" for name, value in variables.items()),
        accepted=(0, _CHANGES),
    )
    return Planned(text, status == _CHANGES)


def destructions(file: Path) -> list[Destruction]:
    """Return what a saved plan takes away."""
    shown = subprocess.run(
        ["terraform", f"-chdir={ROOT}", "show", "-json", str(file)], check=False, stdout=subprocess.PIPE, text=True
    )
    if shown.returncode:
        fail("terraform can't show the plan that it made")
    return [
        Destruction(
            change["address"],
            change["type"],
            "create" in change["change"]["actions"],
            change.get("action_reason") == "replace_because_tainted",
        )
        for change in json.loads(shown.stdout).get("resource_changes", [])
        if "delete" in change["change"]["actions"]
    ]


def apply(environment: str, file: Path) -> None:
    """Apply a saved plan, exactly; one that is older than the state ends the script before anything changes."""
    _run(environment, "apply", "-input=false", str(file))


def _variable(environment: str, name: str) -> str:
    variables = (ROOT / "environments" / f"{environment}.tfvars").read_text(encoding="utf-8")
    found = re.search(rf'^{name}\s*=\s*"([^"]+)"', variables, re.MULTILINE)
    if found is None:
        fail(f"environments/{environment}.tfvars names no {name}")
    return found[1]


def _run(environment: str, command: str, *arguments: str, accepted: Container[int] = (0,)) -> tuple[int, str]:
    """Run one Terraform command; a failure ends the script, in one line where the cause is a known one.

    Returns
    -------
    tuple of int and str
        Its exit status, and what it printed.
    """
    with tempfile.TemporaryDirectory() as folder, Interruption(once_more_ends=False) as interruption:
        # Files: a pipe would break when this script is killed, and Terraform with it, before it wrote its state.
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        with output.open("wb") as stdout, errors.open("wb") as stderr:
            # A session of its own keeps the terminal's Ctrl-C from it: that is passed on.
            process = subprocess.Popen(
                ["terraform", f"-chdir={ROOT}", command, "-no-color", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        printed, decoder, status = "", codecs.getincrementaldecoder("utf-8")("replace"), None
        passed_on = False
        with output.open("rb") as written:
            while status is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    # Not longer: a signal that comes just before is seen only afterwards.
                    status = process.wait(timeout=_LOOK_SECONDS)
                if status is None and interruption and not passed_on:
                    # Terraform breaks off, writes its state and ends. At a second one it would end at once, leaving
                    # the lock behind and the state without what it had just made.
                    process.send_signal(signal.SIGINT)
                    passed_on = True
                new = decoder.decode(written.read())
                print(new, end="", flush=True)
                printed += new
        said = errors.read_text(encoding="utf-8", errors="replace")
    if interruption:
        sys.stderr.write(said)
        print(f"terraform {command} was interrupted: it has let go of the state", file=sys.stderr)
        sys.exit(interruption.exit_status)
    if status in accepted:
        return status, printed
    words = " ".join(said.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split())
    for pattern, meaning in _FAILURES:
        if found := re.search(pattern, words):
            fail(meaning.format(*found.groups(), environment=environment))
    sys.stderr.write(said)
    fail(f"terraform {command} failed for {environment}")
