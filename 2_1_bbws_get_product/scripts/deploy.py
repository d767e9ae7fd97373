#!/usr/bin/env python3
"""Deploys this repository's function to one environment and points its alias `live` at the new version."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

import function
import terraform

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

BUILD = Path(__file__).resolve().parent.parent / "build"


def main() -> None:
    """Apply the Terraform with the built package, move the alias and print the version that is live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", choices=terraform.environments())
    environment = parser.parse_args().environment

    if not (BUILD / "function.zip").is_file():
        terraform.fail("build/function.zip is not there: run scripts/build.py first")
    architecture = json.loads((BUILD / "package.json").read_text())["architecture"]
    name = function.name_in(environment)

    terraform.apply(environment, function.repository(), {"architecture": architecture})
    version = str(terraform.outputs()["version"])
    client: LambdaClient = boto3.client("lambda", region_name=terraform.region(environment))
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    print(f"{name}: version {version} is live")


if __name__ == "__main__":
    main()
