#!/usr/bin/env python3
"""Writes the API keys of an environment's clients to a file that nobody else can read and git doesn't take.

    export_api_keys.py dev
    export_api_keys.py dev --output ~/keys/product-api.json

The file is JSON, a key by each client's name; without --output it is api-keys.{environment}.json in this repository's
folder. The keys are those in Secrets Manager: in the course of a rotation, the ones that clients are to use. They are
never printed. A file that was there is replaced, whole or not at all.

Exit status: 0 written, 1 not, 2 if the command line is wrong, 130 after Ctrl-C, 143 after SIGTERM.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from deployment import account, command_line, terraform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_secretsmanager import SecretsManagerClient

REPOSITORY = Path(__file__).resolve().parent.parent

_REFUSALS = frozenset({"AccessDeniedException", "AccessDenied"})


def main() -> None:
    """Read the keys, write the file and say whose keys are in it."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write them")
    arguments = parser.parse_args()
    environment: str = arguments.environment
    file: Path = arguments.output or REPOSITORY / f"api-keys.{environment}.json"
    check(file)
    with command_line.orderly_end():
        account.check(environment)
        client: SecretsManagerClient = boto3.client("secretsmanager", region_name=terraform.region(environment))
        keys = {name: key(client, secret) for name, secret in secrets(client, environment)}
        if not keys:
            terraform.fail(f"{environment} has no secret {prefix(environment)}…: deploy this repository there first")
        try:
            write(file, json.dumps(keys, indent=2, sort_keys=True) + "\n")
        except OSError as error:
            terraform.fail(f"{file} can't be written: {error.strerror}")
    print(f"{file} has the keys of {', '.join(sorted(keys))}; nobody but you can read it")


def check(file: Path) -> None:
    """End the script if keys can't or mustn't be written to a file."""
    if file.is_symlink() or (file.exists() and not file.is_file()):
        terraform.fail(f"{file} is no ordinary file: keys go into one, and are never printed")
    if not file.parent.is_dir():
        terraform.fail(f"{file.parent} is not there: make it first")
    command = ["git", "-C", str(file.parent), "check-ignore", "--quiet", file.name]
    with contextlib.suppress(FileNotFoundError):
        # 1: it is in a work tree and not ignored. Outside of one, git fails.
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 1:
            terraform.fail(f"git doesn't ignore {file}: write the keys somewhere else, or have .gitignore name it")


def prefix(environment: str) -> str:
    """Return how the names of an environment's secrets begin; the client's name follows."""
    return f"bbws/product-api/{environment}/"


def secrets(client: SecretsManagerClient, environment: str) -> Iterator[tuple[str, str]]:
    """Yield name and secret of each client of an environment."""
    begin = prefix(environment)
    pages = client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [begin]}])
    with told("list the secrets", "secretsmanager:ListSecrets"):
        for page in pages:
            for secret in page["SecretList"]:
                if secret["Name"].startswith(begin):
                    yield secret["Name"].removeprefix(begin), secret["Name"]


def key(client: SecretsManagerClient, secret: str) -> str:
    """Return the key in a secret."""
    with told(f"read the secret {secret}", "secretsmanager:GetSecretValue"):
        try:
            value = client.get_secret_value(SecretId=secret).get("SecretString")
        except client.exceptions.ResourceNotFoundException:
            value = None
    if not value:
        terraform.fail(f"the secret {secret} holds no key: deploy this repository again")
    return value


@contextlib.contextmanager
def told(what: str, permission: str) -> Iterator[None]:
    """End the script with what these credentials may not do, and with the permission that it takes."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _REFUSALS:
            terraform.fail(f"these credentials may not {what}: that takes {permission}")
        raise


def write(file: Path, text: str) -> None:
    """Write a file that only its owner can read from its first byte on, whole or not at all.

    Raises
    ------
    OSError
        The file is as it was.
    """
    # Its mode is 600 however wide that of the file was which it replaces.
    handle, unfinished = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        Path(unfinished).replace(file)
    except BaseException:
        Path(unfinished).unlink()
        raise


if __name__ == "__main__":
    main()
