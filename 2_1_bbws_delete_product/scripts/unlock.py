#!/usr/bin/env python3
"""Removes the lock of the state that a Terraform of this machine left behind when it was killed.

The last step of a workflow's job that was cancelled, and of no other: who holds a lock is known by the machine's name,
which GitHub's machines share. As long as that Terraform still works, it is waited for. Somebody else's lock is left
alone. Exit status 0: no lock of this machine is left.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import time

from deployment import account, command_line, deployable, state_bucket, terraform

_PAUSE_SECONDS = 2


def main() -> None:
    """Wait for Terraform, then remove its lock."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--patience", type=float, default=240, metavar="SECONDS", help="how long to wait for Terraform")
    arguments = parser.parse_args()
    environment: str = arguments.environment
    until = time.monotonic() + arguments.patience

    while terraform_runs():
        if time.monotonic() > until:
            terraform.fail("a Terraform of this machine still works on this state: its lock stays")
        time.sleep(_PAUSE_SECONDS)
    with command_line.orderly_end():
        account.check(environment)
        bucket = state_bucket.StateBucket(environment)
        key = f"{deployable.NAME}/terraform.tfstate.tflock"
        try:
            lock = json.loads(bucket.get(key))
        except state_bucket.Missing:
            print("the state is not locked")
            return
        if lock["Who"] != this_user():
            print(f"{lock['Who']} holds the lock of the state since {lock['Created']}: it is left alone")
            return
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    print(f"removed the lock that terraform ({lock['Operation']}) left behind at {lock['Created']}")
    print("what it had just made may be missing in the state: the next plan shows that")


def terraform_runs() -> bool:
    """Tell whether a Terraform of this machine works on this root."""
    # Of any length (-ww).
    shown = subprocess.run(["ps", "-A", "-ww", "-o", "args="], check=True, stdout=subprocess.PIPE, text=True).stdout
    return any(f" -chdir={terraform.ROOT} " in line for line in shown.splitlines())


def this_user() -> str:
    """Return what Terraform writes into a lock about who holds it."""
    return f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


if __name__ == "__main__":
    main()
