"""Whether a version may be live beside those that are: nobody may send what its receiver is too old to read.

So a receiver is deployed before its senders, and rolled back after them. A version that isn't there yet is in nobody's
way: its messages wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployment import function_name, names, versions

if TYPE_CHECKING:
    from deployment.messages import Messages


@dataclass(frozen=True)
class Flow:
    """The way of one kind of message.

    Attributes
    ----------
    kind : str
        ``change`` or ``record``.
    senders : tuple of str
        The functions that send it, without project and environment.
    receiver : str
        The function that its queue invokes.
    """

    kind: str
    senders: tuple[str, ...]
    receiver: str


FLOWS = (
    Flow("change", ("create-product", "delete-product", "update-product"), "product-creator"),
    Flow("record", ("product-creator",), "audit-logger"),
)


def obstacles(environment: str, messages: Messages) -> str:
    """Return why this repository's function can't be live with a package, and what to do first; empty if it can.

    Parameters
    ----------
    messages
        What the package reads and sends.
    """
    own = function_name.name()
    found = []
    for flow in FLOWS:
        if own in flow.senders:
            sent = messages.newest_sent(flow.kind)
            # A release that goes on little by little has two versions live.
            read = min((live.newest_read(flow.kind) for live in _live(environment, flow.receiver)), default=sent)
            if sent > read:
                found.append(
                    f"this sends {flow.kind} {sent}, and {names.function_in(environment, flow.receiver)} reads up to "
                    f"{read}: deploy {names.repository_of(flow.receiver)} first"
                )
        if own == flow.receiver:
            read = messages.newest_read(flow.kind)
            newer = [
                sender
                for sender in flow.senders
                if any(live.newest_sent(flow.kind) > read for live in _live(environment, sender))
            ]
            if newer:
                senders = ", ".join(names.function_in(environment, sender) for sender in newer)
                repositories = ", ".join(names.repository_of(sender) for sender in newer)
                found.append(
                    f"this reads {flow.kind} up to {read}, and {senders} would send newer ones: roll back the senders "
                    f"first: {repositories}"
                )
    return "; ".join(found)


def _live(environment: str, function: str) -> list[Messages]:
    """Return what the versions of a function that get requests or messages read and send; empty without any."""
    return [version.messages for version in versions.Versions(environment, function).in_use()]
