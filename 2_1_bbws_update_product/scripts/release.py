#!/usr/bin/env python3
"""Gives callers a version of the function that scripts/apply.py published.

A version that would send what its live receiver can't read, or couldn't read what is sent to it, is refused before
anything changes. The version is invoked by its number first, the creator with a message that waits in vain and leaves
nothing behind. Then it gets all requests, in prod a tenth of them for ten
minutes before: if one of the alarms fires meanwhile, the version before gets them all again, and so it does when the
smoke test through the API fails at last. After that the content is noted as deployed, and versions beyond the last ten
are removed.

Cancelled in the middle, it puts the version before back. If it was killed, the next run or scripts/rollback.py does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import smoke_test
from deployment import account, command_line, deployment_note, order, refusals, signals, terraform, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHARE = 0.1
# Alarms look at five minutes: this holds one such period wherever they begin.
GRADUALLY_SECONDS = {"prod": 600.0}
_LOOKS = 40

# What the names of the alarms of the API and of the queues begin with, before the environment.
_SHARED = ("api", "change", "change-dlq", "audit", "audit-dlq")


def main() -> None:
    """Release a version and print what was done."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--version", required=True, metavar="N", help="the version that scripts/apply.py published")
    parser.add_argument(
        "--gradually", type=float, metavar="SECONDS", help="how long only a tenth of the requests; 0 for at once"
    )
    command_line.add_report(parser)
    arguments = parser.parse_args()
    environment: str = arguments.environment
    report = command_line.report(arguments)

    with command_line.orderly_end():
        account.check(environment)
        release(environment, {"version": arguments.version}, gradually=arguments.gradually)
    report.output({"version": arguments.version})
    report.summarise(f"## Released to {environment}: version {arguments.version}")


def release(
    environment: str, applied: Mapping[str, str], *, gradually: float | None = None, beside_others: bool = False
) -> None:
    """Try a version, give it to callers and try it again as they do.

    Parameters
    ----------
    applied
        What scripts/apply.py handed on: ``version``.
    gradually
        For how many seconds it gets a tenth of the requests only; the environment's own time by default.
    beside_others
        Whether the other functions are being deployed, too: then they may be of any version yet, and it is neither
        tried through the API nor noted as deployed.
    """
    version = applied["version"]
    published = versions.Versions(environment)
    messages = published.get(version).messages
    if not beside_others and (why := order.obstacles(environment, messages)):
        terraform.fail(f"{why}. Version {version} is published, and nobody gets it")
    before = live = settled(published)
    try:
        smoke_test.invoke(environment, version)
    except smoke_test.NotPermitted as denied:
        # Nothing is known against its code: with the permission it may be fine.
        terraform.fail(f"{denied}. Version {live.version} stays live; give it the permission, and release it again")
    except smoke_test.Failed as failed:
        refusals.note(environment, version, str(failed))
        terraform.fail(f"{failed}. Version {live.version} stays live; nothing else is to be done")
    seconds = GRADUALLY_SECONDS.get(environment, 0) if gradually is None else gradually
    if live.version != version:
        if seconds > 0:
            live = shift(published, environment, live, version, seconds)
        published.make_live(live, version)
    if not beside_others and tried_as_callers_do(published, environment, before.version, version):
        deployment_note.write(environment, {**applied, "reads": messages.reads, "sends": messages.sends})
    if refusals.reason(environment, version):
        # The fault was another's.
        refusals.note(environment, version, "")
    removed = published.remove_old()
    if removed:
        print(f"removed versions {', '.join(map(str, removed))}")
    print(f"{published.name}: version {version} is live")


def tried_as_callers_do(published: versions.Versions, environment: str, before: str, version: str) -> bool:
    """Send requests through the API; unless all goes well, give them back to the version before and end the script.

    Returns
    -------
    bool
        Whether everything could be tried.
    """
    try:
        return smoke_test.through_api(environment)
    except BaseException as error:
        # Whoever cancels may do so twice.
        signals.ignore()
        done = put_back(published, environment, before, version)
        if isinstance(error, smoke_test.Failed):
            refusals.note(environment, version, str(error))
            terraform.fail(f"{error}. {done}")
        print(done)
        raise


def put_back(published: versions.Versions, environment: str, before: str, version: str) -> str:
    """Give all requests back to the version before a release, where that can be, and return what was done."""
    by_hand = f"back: scripts/rollback.py {environment}"
    if before == version:
        return f"Version {version} is live as it was before; {by_hand}"
    try:
        # Meanwhile a sender may have been released that relies on what the new version reads.
        if why := order.obstacles(environment, published.get(before).messages):
            return f"Version {version} stays live, because with version {before} {why}"
        now = published.live()
        if now.version != version:
            return f"Version {now.version} is live: somebody else moved the alias meanwhile"
        published.make_live(now, before)
    except (BotoCoreError, ClientError) as error:
        return f"Version {version} is live all the same, because the alias could not be moved: {error}; {by_hand}"
    return f"Version {before} gets all requests again; if the fault is another function's, mend that first"


def settled(published: versions.Versions) -> versions.Alias:
    """Return what callers get, after ending a shift that a former run broke off."""
    live = published.live()
    if not live.weights:
        return live
    print(f"a former release broke off half-way: version {live.version} gets all requests again")
    return published.make_live(live, live.version)


def shift(
    published: versions.Versions, environment: str, live: versions.Alias, version: str, seconds: float
) -> versions.Alias:
    """Give a version a share of the requests and watch the alarms; take it away again when one fires.

    Returns
    -------
    Alias
        What callers get when all went well.
    """
    watched = alarms(environment, published.name)
    if not watched:
        terraform.fail(f"there are no alarms of {published.name} to watch: version {live.version} stays live")
    before = {name for name, firing in watched.items() if firing}
    if before:
        print(f"already firing, so they can't tell anything of version {version}: {', '.join(sorted(before))}")
    try:
        shifted = published.make_live(live, live.version, {version: SHARE})
        print(
            f"version {version} gets {SHARE:.0%} of the requests for {seconds:.0f} s; {len(watched)} alarms are watched"
        )
        for _ in looks(seconds):
            firing = {name for name, fires in alarms(environment, published.name).items() if fires}
            # One that stopped and fires again tells something.
            before &= firing
            if fired := firing - before:
                names = ", ".join(sorted(fired))
                refusals.note(environment, version, f"{names} fired")
                terraform.fail(
                    f"{names} fired: version {live.version} gets all requests again. Read the log of version "
                    f"{version}; nothing else is to be done"
                )
    except BaseException:
        # Whoever cancels may do so twice.
        signals.ignore()
        try:
            now = published.live()
            if version in now.weights:
                published.make_live(now, live.version)
        except (BotoCoreError, ClientError) as error:
            terraform.fail(
                f"version {version} still gets {SHARE:.0%} of the requests, because the alias could not be moved: "
                f"{error}. Run scripts/rollback.py {environment}"
            )
        print(f"version {live.version} gets all requests again")
        raise
    return shifted


def looks(seconds: float) -> Iterator[None]:
    """Yield now and then until some time is over, the last time at its end."""
    for _ in range(_LOOKS):
        time.sleep(seconds / _LOOKS)
        yield


def alarms(environment: str, name: str) -> dict[str, bool]:
    """Return which of the alarms that a bad version could set off fire: the function's, the API's and the queues'."""
    client = boto3.client("cloudwatch", region_name=terraform.region(environment))
    found: dict[str, bool] = {}
    # With the environment in it, no other function's name begins like that.
    for prefix in (f"{name}-", *(f"bbws-product-{what}-{environment}-" for what in _SHARED)):
        for page in client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix):
            found |= {alarm["AlarmName"]: alarm["StateValue"] == "ALARM" for alarm in page["MetricAlarms"]}
    return found


if __name__ == "__main__":
    main()
