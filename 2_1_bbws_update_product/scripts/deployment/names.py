"""What is called how: a function in Lambda, and the repository that holds it."""

from __future__ import annotations

_REPOSITORIES = "2_1_bbws_"


def function_in(environment: str, name: str) -> str:
    """Return what Lambda calls a function, such as ``bbws-get-product-dev`` for ``get-product``."""
    return f"bbws-{name}-{environment}"


def function_of(repository: str) -> str:
    """Return the name of a repository's function without project and environment, such as ``get-product``."""
    return repository.removeprefix(_REPOSITORIES).replace("_", "-")


def repository_of(function: str) -> str:
    """Return the name of the repository that holds a function, the first part of its state's key."""
    return _REPOSITORIES + function.replace("-", "_")
