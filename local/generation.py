"""Notices that a stack lost its resources.

A MiniStack that is killed loses everything but S3's objects, and so the Terraform state there outlives what it
describes; one that was stopped in order before comes back with the older state. So each start leaves a new token in
two places: in a file, which survives anything, and in a parameter of Systems Manager, which is lost with the rest.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from local.credentials import client

if TYPE_CHECKING:
    from local.layout import StackFolder
    from local.processes import KnownProcess

# MiniStack saves this service after all others that the system uses: if it is there, they are.
PARAMETER = "/bbws/local/generation"


@dataclass(frozen=True)
class Generation:
    """The token of one start.

    Parameters
    ----------
    token
        Random.
    started
        The identity of the process that was started.
    """

    token: str
    started: str


def on_disk(folder: StackFolder) -> Generation | None:
    """Return the generation in the file, None if there is none."""
    try:
        return Generation(**json.loads(folder.generation.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_lost(left: Generation | None, found: str | None) -> bool:
    """Decide whether a running stack lost its resources.

    Parameters
    ----------
    left
        What the last start left on disk, None if there was no start.
    found
        The token in the running stack, None if there is none.
    """
    return (left.token if left else None) != found


def lost(folder: StackFolder) -> bool:
    """Tell whether a running stack lost its resources."""
    return is_lost(on_disk(folder), _token_in(folder))


def renew(folder: StackFolder, process: KnownProcess) -> None:
    """Leave a new token in both places, once for each start."""
    left = on_disk(folder)
    if left and left.started == process.started:
        return
    generation = Generation(secrets.token_hex(16), process.started)
    folder.generation.write_text(json.dumps(asdict(generation)) + "\n", encoding="utf-8")
    client(folder, "ssm").put_parameter(Name=PARAMETER, Value=generation.token, Type="String", Overwrite=True)


def _token_in(folder: StackFolder) -> str | None:
    ssm = client(folder, "ssm")
    try:
        return ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return None
