#!/usr/bin/env python3
"""Says whether this content of the repository was deployed to an environment and worked there.

It is known by the hash of its tree (git rev-parse HEAD:./), which scripts/release.py notes in the environment's state
bucket after the smoke test. Exit status 0: it was.
"""

from __future__ import annotations

import json

from deployment import account, command_line, content, deployable, state_bucket, terraform


def main() -> None:
    """Look for the note and print the content's hash."""
    parser = command_line.parser(__doc__)
    command_line.add_report(parser)
    arguments = parser.parse_args()
    environment: str = arguments.environment

    tree = content.committed_tree()
    with command_line.orderly_end():
        account.check(environment)
        bucket = state_bucket.StateBucket(environment)
        try:
            note = json.loads(bucket.get(state_bucket.deployed(deployable.NAME, tree)))
        except state_bucket.Missing:
            terraform.fail(
                f"this content of {deployable.NAME} ({tree}) was not deployed to {environment}, or did not pass the "
                f"smoke test there: deploy it to {environment} first"
            )
    print(f"{deployable.NAME}: this content passed the smoke test of {environment} on {note['at']}")
    print(f"tree={tree}")
    command_line.report(arguments).output({"tree": tree})


if __name__ == "__main__":
    main()
