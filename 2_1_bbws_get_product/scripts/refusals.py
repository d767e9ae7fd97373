"""Notes which versions a release tried and took away again, so that nobody rolls back to one of them unawares."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from botocore.exceptions import BotoCoreError, ClientError

import repository
import state_bucket


def note(environment: str, version: str, reason: str) -> None:
    """Note that a version was refused. That it can't be noted doesn't end the script, which has more to do."""
    key = state_bucket.refused(repository.NAME, version)
    try:
        state_bucket.StateBucket(environment).put(key, json.dumps({"version": version, "reason": reason}).encode())
    except (BotoCoreError, ClientError) as error:
        print(f"could not note that version {version} was refused: {error}")


def noted(environment: str) -> set[int]:
    """Return the numbers of the versions that were refused; none where the notes can't be read."""
    try:
        keys = state_bucket.StateBucket(environment).keys(state_bucket.refused(repository.NAME, ""))
    except (BotoCoreError, ClientError) as error:
        print(f"could not see which versions were refused: {error}")
        return set()
    return {int(PurePosixPath(key).name) for key in keys}
