"""What this repository deploys: one function, from a package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deployment import function_name, order, state_bucket, terraform, versions
from deployment.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = function_name.repository()

_ZIP = terraform.ROOT.parent / "build" / "function.zip"
PACKAGE: Path | None = _ZIP
_DESCRIPTION = terraform.ROOT.parent / "build" / "package.json"


def variables() -> dict[str, str]:
    """Return the Terraform variables that follow from the package."""
    built = _description()
    return {"architecture": str(built["architecture"]), "messages": str(_messages(built))}


def check_order(environment: str) -> None:
    """End the script if the package sends what its live receiver can't read, or can't read what is sent to it."""
    if why := order.obstacles(environment, _messages(_description())):
        terraform.fail(f"{why}. Nothing was changed")


def check_package(environment: str) -> str:
    """Return what a deployment makes of the function's code, in a sentence; end the script without a whole package."""
    if not (_ZIP.is_file() and _DESCRIPTION.is_file()):
        terraform.fail("build/function.zip is not there: run scripts/build.py first")
    package = _ZIP.read_bytes()
    if state_bucket.sha256(package) != _description()["sha256"]:
        terraform.fail("build/function.zip is not what scripts/build.py made: run it again")
    deployed = versions.Versions(environment).latest_code_sha256()
    if deployed is None:
        return "new: the function is not there yet"
    return "the same as now" if deployed == versions.code_sha256(package) else "another package than now"


def applied(environment: str, outputs: Mapping[str, object]) -> dict[str, str]:
    """Return which version has the package and today's configuration.

    Mostly Terraform has just published it. It doesn't notice a rollback since it applied this package, nor that a
    deployment was cut short after it changed the function and before it published that: then it is published here.

    Parameters
    ----------
    outputs
        The outputs of Terraform's state.
    """
    version = versions.Versions(environment).publish(_ZIP.read_bytes())
    if version != str(outputs["version"]):
        print(f"Terraform knew of version {outputs['version']} only: version {version} is published now")
    return {"version": version}


def _description() -> dict[str, Any]:
    description: dict[str, Any] = json.loads(_DESCRIPTION.read_text(encoding="utf-8"))
    return description


def _messages(built: Mapping[str, Any]) -> Messages:
    return Messages(reads=built.get("reads", {}), sends=built.get("sends", {}))
