"""The chain of a product's records: each bears the hash of the one before, and none is missing."""

from __future__ import annotations

from itertools import groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from audit_verification.findings import Finding, Kind
from common import audit_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Link(NamedTuple):
    """What is kept of an object to follow the chain.

    Parameters
    ----------
    sequence : int
        Its place in the chain, from 1.
    key : str
        The object.
    hash : str or None
        The hash that its record bears; ``None`` if its content isn't known, because it is no record, was removed or
        can't be read. Its place is taken all the same.
    previous_hash : str or None
        What its record says of the one before.
    """

    sequence: int
    key: str
    hash: str | None = None
    previous_hash: str | None = None


class LastRecord(NamedTuple):
    """What the table says of a product's last record."""

    sequence: int
    last_hash: str


class Gap(NamedTuple):
    """Sequences that no object has.

    Parameters
    ----------
    first, last : int
        The first and the last of them.
    before, after : str or None
        The keys of the objects around them; ``None`` where there is none.
    """

    first: int
    last: int
    before: str | None
    after: str | None


def _in_order(links: Iterable[Link]) -> list[Link]:
    return sorted(links, key=attrgetter("sequence", "key"))


def gaps(links: Iterable[Link], *, from_first: bool, up_to: int = 0) -> Iterator[Gap]:
    """Yield where records are missing from a product's chain.

    Parameters
    ----------
    links : iterable of Link
        The product's objects, in any order.
    from_first : bool
        Whether the chain has to begin with sequence 1.
    up_to : int
        The sequence that it has to reach at least.
    """
    there = _in_order(links)
    if not there:
        if from_first and up_to:
            yield Gap(1, up_to, None, None)
        return
    if from_first and there[0].sequence > 1:
        yield Gap(1, there[0].sequence - 1, None, there[0].key)
    for one, following in pairwise(there):
        if following.sequence > one.sequence + 1:
            yield Gap(one.sequence + 1, following.sequence - 1, one.key, following.key)
    if there[-1].sequence < up_to:
        yield Gap(there[-1].sequence + 1, up_to, there[-1].key, None)


def missing(product_id: str, gap: Gap) -> Finding:
    """Return the finding that a gap is."""
    count = gap.last - gap.first + 1
    which = "the record is" if count == 1 else f"the {count:,} records up to sequence {gap.last} are"
    where = {
        (False, False): "the bucket has none of the product, the table has",
        (False, True): f"the first is {gap.after}",
        (True, False): f"the last is {gap.before}, the table has more",
        (True, True): f"{gap.after} follows on {gap.before}",
    }[gap.before is not None, gap.after is not None]
    key = audit_key.pattern(product_id, gap.first)
    return Finding(Kind.MISSING, product_id, gap.first, key, f"{which} missing; {where}")


def broken_links(product_id: str, links: Iterable[Link]) -> Iterator[Finding]:
    """Yield the records of one sequence and those that don't link to the record before.

    Parameters
    ----------
    product_id : str
        Whose chain it is.
    links : iterable of Link
        The product's objects, in any order. A record after a gap has nothing that it could be compared with.
    """
    before: list[Link] = []
    for sequence, group in groupby(_in_order(links), key=attrgetter("sequence")):
        here = list(group)
        for other in here[1:]:
            message = f"{here[0].key} has this sequence too"
            yield Finding(Kind.SAME_SEQUENCE, product_id, sequence, other.key, message)
        if sequence == 1:
            yield from _not_first(product_id, here)
        elif before and before[0].sequence == sequence - 1:
            yield from _not_linked(product_id, here, before)
        before = here


def _not_first(product_id: str, links: list[Link]) -> Iterator[Finding]:
    for link in links:
        if link.hash is not None and link.previous_hash is not None:
            message = f"previousHash is {link.previous_hash}, must be null in the first record"
            yield Finding(Kind.BROKEN_LINK, product_id, link.sequence, link.key, message)


def _not_linked(product_id: str, links: list[Link], before: list[Link]) -> Iterator[Finding]:
    hashes = {link.hash for link in before}
    if None in hashes:
        return
    for link in links:
        if link.hash is not None and link.previous_hash not in hashes:
            borne = " or ".join(f"{other.hash} ({other.key})" for other in before)
            message = f"previousHash is {link.previous_hash or 'null'}, the record before bears {borne}"
            yield Finding(Kind.BROKEN_LINK, product_id, link.sequence, link.key, message)


def against_table(product_id: str, links: Iterable[Link], head: LastRecord | None) -> Iterator[Finding]:
    """Yield what a product's last objects have that its head in the table hasn't; what is missing is a `Gap`.

    Parameters
    ----------
    product_id : str
        Whose chain it is.
    links : iterable of Link
        The product's objects, in any order, read before the table was.
    head : LastRecord or None
        ``None`` if the table doesn't have the product.
    """
    there = _in_order(links)
    if not there:
        return
    last = there[-1]
    if head is None:
        message = "the table doesn't have the product"
        yield Finding(Kind.AHEAD_OF_TABLE, product_id, last.sequence, last.key, message)
    elif last.sequence > head.sequence:
        message = f"the table's last sequence is {head.sequence}"
        yield Finding(Kind.AHEAD_OF_TABLE, product_id, last.sequence, last.key, message)
    elif last.sequence == head.sequence:
        hashes = {link.hash for link in there if link.sequence == last.sequence}
        if None not in hashes and head.last_hash not in hashes:
            message = f"hash is {last.hash}, the table's lastHash is {head.last_hash}"
            yield Finding(Kind.OTHER_THAN_TABLE, product_id, last.sequence, last.key, message)
