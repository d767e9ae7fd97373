"""Settings, which a function takes from its environment alone."""

from __future__ import annotations

import os


class MissingSetting(Exception):
    """A setting that the function cannot work without is not there; its start fails with the setting's name."""


def required(name: str) -> str:
    """Return a setting.

    Parameters
    ----------
    name : str
        The environment variable.

    Raises
    ------
    MissingSetting
        The variable is absent or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise MissingSetting(f"the environment variable {name} is not set")
    return value


def required_list(name: str) -> tuple[str, ...]:
    """Return a setting that holds values separated by commas.

    Raises
    ------
    MissingSetting
        The variable is absent or empty.
    """
    return tuple(value.strip() for value in required(name).split(","))
