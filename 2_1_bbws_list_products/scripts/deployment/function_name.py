"""Which function this repository holds, and what it is called where."""

from __future__ import annotations

import json

from deployment import names, terraform


def name() -> str:
    """Return the function's name without project and environment, such as ``get-product``."""
    variables = json.loads((terraform.ROOT / "function.auto.tfvars.json").read_text(encoding="utf-8"))
    return str(variables["function_name"])


def name_in(environment: str) -> str:
    """Return what Lambda calls the function in an environment."""
    return names.function_in(environment, name())


def repository() -> str:
    """Return this repository's name, the first part of its state's key."""
    return names.repository_of(name())
