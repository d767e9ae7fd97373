"""Notes that some content was deployed to an environment and passed the smoke test there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deployment import content, deployable, state_bucket

if TYPE_CHECKING:
    from collections.abc import Mapping


def write(environment: str, values: Mapping[str, object]) -> None:
    """Note what is here as deployed; what no commit holds is not noted.

    Parameters
    ----------
    values
        What else is worth noting.
    """
    tree = content.tree()
    if tree is None:
        print("not noted as deployed: no commit holds what is here")
        return
    note = {
        "repository": deployable.NAME,
        "environment": environment,
        "tree": tree,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **values,
    }
    bucket = state_bucket.StateBucket(environment)
    bucket.put(state_bucket.deployed(deployable.NAME, tree), json.dumps(note, indent=2).encode())
    print(f"noted as deployed to {environment}: content {tree}")
