"""What this repository deploys: everything that the functions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "2_1_bbws_product_infrastructure"

# There is no code to run.
PACKAGE: Path | None = None


def variables() -> dict[str, str]:
    """Return the Terraform variables that follow from a package: none."""
    return {}


def check_package(environment: str) -> str:
    """Return what a deployment makes of a function's code: nothing."""
    return ""


def check_order(environment: str) -> None:
    """Check nothing: it sends no messages and reads none."""


def applied(environment: str, outputs: Mapping[str, object]) -> dict[str, str]:
    """Return where the API is.

    Parameters
    ----------
    outputs
        The outputs of Terraform's state.
    """
    return {"api-url": str(outputs["api_url"])}
