"""What this repository deploys: one function, from a package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import function
import state_bucket
import terraform
import versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = function.repository()

PACKAGE: Path | None = terraform.ROOT.parent / "build" / "function.zip"
_DESCRIPTION = terraform.ROOT.parent / "build" / "package.json"


def variables() -> dict[str, str]:
    """Return the Terraform variables that follow from the package."""
    return {"architecture": str(json.loads(_DESCRIPTION.read_text(encoding="utf-8"))["architecture"])}


def check_package(environment: str) -> str:
    """Return what a deployment makes of the function's code, in a sentence; end the script without a whole package."""
    assert PACKAGE is not None  # noqa: S101  for mypy
    if not (PACKAGE.is_file() and _DESCRIPTION.is_file()):
        terraform.fail("build/function.zip is not there: run scripts/build.py first")
    package = PACKAGE.read_bytes()
    built = json.loads(_DESCRIPTION.read_text(encoding="utf-8"))["sha256"]
    if state_bucket.sha256(package) != built:
        terraform.fail("build/function.zip is not what scripts/build.py made: run it again")
    deployed = versions.Versions(environment).latest_code_sha256()
    if deployed is None:
        return "new: the function is not there yet"
    return "the same as now" if deployed == versions.code_sha256(package) else "another package than now"


def applied(environment: str, outputs: Mapping[str, object]) -> dict[str, str]:
    """Return which version was published.

    Terraform compares the package with the one that it applied last. A rollback since then put other code in place,
    which Terraform doesn't notice: then the package is published here.

    Parameters
    ----------
    outputs
        The outputs of Terraform's state.
    """
    assert PACKAGE is not None  # noqa: S101  for mypy
    package, version = PACKAGE.read_bytes(), str(outputs["version"])
    published = versions.Versions(environment)
    if published.get(version).code_sha256 != versions.code_sha256(package):
        print(f"version {version} has other code since a rollback: publishing the package")
        version = published.publish(package, [variables()["architecture"]], "Deployed again after a rollback")
    return {"version": version}
