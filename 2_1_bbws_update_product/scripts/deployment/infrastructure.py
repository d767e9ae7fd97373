"""What the infrastructure of an environment exports, from its Terraform state."""

from __future__ import annotations

import os
from typing import Any

from deployment import state_bucket, terraform

REPOSITORY = "2_1_bbws_product_infrastructure"


def outputs(environment: str) -> dict[str, Any]:
    """Return the outputs of the infrastructure; end the script if it has no state."""
    found = state_bucket.StateBucket(environment).outputs(REPOSITORY)
    if found is None:
        terraform.fail(f"the infrastructure of {environment} has no state: deploy {REPOSITORY} first")
    return found


def output(environment: str, name: str) -> str:
    """Return an output of the infrastructure; end the script if there is none."""
    found = outputs(environment)
    if name not in found:
        terraform.fail(f'the infrastructure of {environment} has no output "{name}": deploy {REPOSITORY} first')
    return str(found[name])


def api_url(environment: str) -> str:
    """Return the API's address up to and including the version: what ``API_URL`` says, or else the infrastructure."""
    return (os.environ.get("API_URL") or output(environment, "api_url")).rstrip("/")
