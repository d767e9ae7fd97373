#!/usr/bin/env python3
"""Deploys this repository's function to one environment and points its alias `live` at the new version."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

import terraform

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

BUILD = Path(__file__).resolve().parent.parent / "build"


def main() -> None:
    """Apply the Terraform with the built package, move the alias and print the version that is live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", help=f"one of {', '.join(terraform.environments())}")
    environment = parser.parse_args().environment

    if not (BUILD / "function.zip").is_file():
        terraform.fail("build/function.zip is not there: run scripts/build.py first")
    architecture = json.loads((BUILD / "package.json").read_text())["architecture"]
    function = json.loads((terraform.ROOT / "function.auto.tfvars.json").read_text())["function_name"]
    repository = "2_1_bbws_" + function.replace("-", "_")

    terraform.apply(environment, repository, {"architecture": architecture})
    outputs = terraform.outputs()
    name, version = str(outputs["function_name"]), str(outputs["version"])
    client: LambdaClient = boto3.client("lambda", region_name=str(outputs["region"]))
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    print(f"{name}: version {version} is live")


if __name__ == "__main__":
    main()
