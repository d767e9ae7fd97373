"""Notes which versions a release tried and took away again, so that nobody rolls back to one of them unawares."""

from __future__ import annotations

import json

from botocore.exceptions import BotoCoreError, ClientError

from deployment import deployable, state_bucket


def note(environment: str, version: str, reason: str) -> None:
    """Note why a version was refused; without a reason, that it no longer is.

    That it can't be noted doesn't end the script, which has more to do.
    """
    key = state_bucket.refused(deployable.NAME, version)
    try:
        state_bucket.StateBucket(environment).put(key, json.dumps({"version": version, "reason": reason}).encode())
    except (BotoCoreError, ClientError) as error:
        print(f"could not note what became of version {version}: {error}")


def reason(environment: str, version: str) -> str:
    """Return why a version was refused; empty if it wasn't, or where the note can't be read."""
    try:
        noted = state_bucket.StateBucket(environment).get(state_bucket.refused(deployable.NAME, version))
    except state_bucket.Missing:
        return ""
    except (BotoCoreError, ClientError) as error:
        print(f"could not see whether version {version} was refused: {error}")
        return ""
    return str(json.loads(noted)["reason"])
