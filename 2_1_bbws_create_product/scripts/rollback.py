#!/usr/bin/env python3
"""Brings the code of an earlier version back to callers, in seconds and without a build.

    rollback.py ENVIRONMENT                the last version before the live one that has other code, and wasn't refused
    rollback.py ENVIRONMENT --to VERSION

The code is published anew with today's configuration: a version's own is frozen, and with a key that was changed since
it would lock everyone out. The new version is invoked by its number before callers get it. Where a release broke off
half-way, the version that was live before gets all requests again, and that is all.

Code that can't read what live functions send to it, or would send what theirs can't read, is refused before anything
changes, with what to do first: senders are rolled back before their receivers.

The next deployment puts its own package in place again, also when it is the one that was deployed last.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

import smoke_test
from deployment import account, command_line, messages, order, refusals, terraform, versions


def main() -> None:
    """Roll back and print what was done."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--to", type=version_number, default="", metavar="VERSION", help="the version whose code to bring back"
    )
    command_line.add_report(parser)
    arguments = parser.parse_args()
    environment: str = arguments.environment
    report = command_line.report(arguments)

    with command_line.orderly_end():
        account.check(environment)
        done = roll_back(environment, arguments.to)
        report.summarise(f"## Rolled back in {environment}\n\n{done}")
        try:
            smoke_test.through_api(environment)
        except smoke_test.Failed as failed:
            terraform.fail(f"{failed}. {done}. Before you go further back, see whether the fault is another function's")
        print(done)


def version_number(text: str) -> str:
    """Return a version's number as the command line gives it; an empty one is what a workflow's empty input becomes."""
    if text and not re.fullmatch(r"[1-9][0-9]*", text):
        raise ArgumentTypeError(f"{text} is no version's number")
    return text


def roll_back(environment: str, to: str) -> str:
    """Bring an earlier version's code back and return what was done, in a sentence.

    Parameters
    ----------
    to
        The version's number; if it is empty, the last one before the live one that has other code.
    """
    published = versions.Versions(environment)
    live = published.live()
    if live.weights and not to:
        published.make_live(live, live.version)
        print("a release broke off half-way: that is undone")
        return f"{published.name}: version {live.version} gets all requests again, as before that release"
    wanted = published.get(to) if to else earlier(published, live, environment)
    if why := order.obstacles(environment, wanted.messages):
        terraform.fail(f"the code of version {wanted.number} can't be live: {why}. Nothing was changed")
    package, architectures = published.code(wanted)
    print(f"{published.name}: version {live.version} is live; bringing back the code of version {wanted.number}")
    description = f"Code of version {wanted.origin}, brought back after version {live.version}"
    version = published.publish(package, architectures, messages.described_as(description, wanted.messages))
    print(f"version {version} has the code of version {wanted.number} and today's configuration")
    try:
        smoke_test.invoke(environment, version)
    except smoke_test.Failed as failed:
        terraform.fail(f"{failed}. Version {live.version} stays live: name another version with --to")
    published.make_live(live, version)
    print(f"version {version} is live")
    return f"{published.name}: version {version} is live, with the code of version {wanted.number}"


def earlier(published: versions.Versions, live: versions.Alias, environment: str) -> versions.Version:
    """Return the last version before the live one that has other code; end the script if there is none.

    Versions that a release tried and took away again are passed over.
    """
    now = published.get(live.version)
    found = [
        version
        for version in published.published()
        if version.number < now.origin and version.code_sha256 != now.code_sha256
    ]
    while found and (reason := refusals.reason(environment, str(found[-1].number))):
        print(f"passing over version {found.pop().number}, which was refused: {reason}")
    if not found:
        terraform.fail(f"{published.name} has no other code from before version {now.origin}. Nothing was changed")
    return found[-1]


if __name__ == "__main__":
    main()
