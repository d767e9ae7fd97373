#!/usr/bin/env python3
"""Invokes what is live in one environment once, harmlessly, and checks the answer.

The request is in smoke_test.json: the event, the API client whose key it carries, if any, and what the answer must
hold. Nothing is queued or stored by it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import boto3

import function
import terraform

SCRIPTS = Path(__file__).resolve().parent


def main() -> None:
    """Invoke the function through its alias; exit code 1 if the answer isn't the expected one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", choices=terraform.environments())
    environment = parser.parse_args().environment

    session = boto3.Session(region_name=terraform.region(environment))
    smoke = json.loads((SCRIPTS / "smoke_test.json").read_text(encoding="utf-8"))
    event = smoke["event"]
    if "client" in smoke:
        secret = f"bbws/product-api/{environment}/{smoke['client']}"
        key = session.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
        event["headers"] = {**event["headers"], "x-api-key": key}
    name = function.name_in(environment)
    answer = session.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload=json.dumps(event).encode())
    shown = json.loads(answer["Payload"].read())
    if "FunctionError" in answer or not smoke["expected"].items() <= shown.items():
        sys.exit(f"error: {name} answered {json.dumps(shown)}, expected {json.dumps(smoke['expected'])}")
    print(f"{name}: version {answer['ExecutedVersion']} answers as expected")


if __name__ == "__main__":
    main()
