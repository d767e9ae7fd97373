"""Verifying an audit trail: read it, look again at what may only have been on its way, and report."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from audit_verification import chains, records
from audit_verification.bucket import Archived, Gone, Listed
from audit_verification.findings import Finding, Kind
from audit_verification.scope import days_to_look_at_again
from common import audit_key, timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from audit_verification.bucket import AuditBucket
    from audit_verification.chains import Gap, LastRecord, Link
    from audit_verification.heads import ProductHeads
    from audit_verification.progress import ProgressDisplay
    from audit_verification.records import Examined
    from audit_verification.scope import Scope
    from audit_verification.threads import Threads

# A change is audited within 10 seconds of its request; looking again in between costs little.
SECONDS_BETWEEN_LOOKS = 5.0


@dataclass
class Report:
    """What a verification came to.

    Parameters
    ----------
    findings : list of Finding
        What is wrong, by product and sequence.
    objects : int
        How many objects were verified.
    products : int
        How many products they belong to.
    archived : list of str
        The keys of objects whose content could not be read.
    without_predecessor : int
        How many products begin before the scope: nothing tells whether their first record in it links to another.
    products_in_table : int or None
        How many the table has; ``None`` if it was not read.
    not_compared : int
        How many of those have their last record, as far as the bucket tells, outside the scope.
    """

    findings: list[Finding] = field(default_factory=list)
    objects: int = 0
    products: int = 0
    archived: list[str] = field(default_factory=list)
    without_predecessor: int = 0
    products_in_table: int | None = None
    not_compared: int = 0


class Verification:
    """One verification of an audit trail.

    Parameters
    ----------
    bucket : AuditBucket
        The trail.
    scope : Scope
        Which part of it.
    heads : ProductHeads or None
        The table to compare it with.
    threads : Threads
        What reads.
    progress : ProgressDisplay
        What shows how far it is.
    """

    def __init__(
        self,
        bucket: AuditBucket,
        scope: Scope,
        heads: ProductHeads | None,
        threads: Threads,
        progress: ProgressDisplay,
    ) -> None:
        self._bucket = bucket
        self._scope = scope
        self._heads = heads
        self._threads = threads
        self._progress = progress
        self._report = Report()
        self._chains: dict[str, list[Link]] = {}
        # Of the products that are to be compared with it.
        self._table: dict[str, LastRecord] = {}
        self._started = timestamps.now()

    def run(self, patience: float, pause: Callable[[float], None] = time.sleep) -> Report:
        """Verify the trail.

        Parameters
        ----------
        patience : float
            For how long, in seconds, records are awaited that seem to be missing but may be on their way.
        pause : callable
            What waits for a number of seconds.
        """
        self._progress.stage("reading the bucket")
        self._take_in(self._listed())
        if self._heads is not None:
            # Afterwards, because the table has every record before the bucket has it.
            self._progress.stage("reading the table")
            self._read_table(self._heads)
        self._await_records(patience, pause)
        return self._conclude()

    # Reading

    def _listed(self) -> Iterator[Listed]:
        if self._scope.is_everything:
            yield from self._bucket.objects()
            return
        prefixes = (self._scope.prefix(day) for day in self._bucket.days() if self._scope.includes(day))
        if self._scope.product_id is None:
            for prefix in prefixes:
                yield from self._bucket.objects(prefix)
        else:
            # One product has few objects, and they may be spread over many days.
            yield from self._listed_together(prefixes)

    def _listed_together(self, prefixes: Iterable[str]) -> Iterator[Listed]:
        for listed in self._threads.map(lambda prefix: list(self._bucket.objects(prefix)), prefixes):
            yield from listed

    def _take_in(self, objects: Iterable[Listed]) -> None:
        """Read objects and keep what the chains need of them."""
        for listed, examined, findings in self._threads.map(self._examine, self._counted(objects)):
            self._progress.read()
            self._report.objects += 1
            self._report.findings += findings
            if examined is None:
                self._report.archived.append(listed.key)
                examined = records.unknown(listed.key)
            self._report.findings += examined.findings
            if examined.product_id is not None and examined.link is not None:
                self._chains.setdefault(examined.product_id, []).append(examined.link)

    def _counted(self, objects: Iterable[Listed]) -> Iterator[Listed]:
        for listed in objects:
            self._progress.listed()
            yield listed

    def _examine(self, listed: Listed) -> tuple[Listed, Examined | None, list[Finding]]:
        """Return what an object turned out to be, ``None`` if it is archived, and what its versions tell."""
        findings = list(_written_over(listed))
        if not listed.is_removed:
            try:
                content = self._bucket.read(listed.key, records.LARGEST_RECORD + 1)
                return listed, records.examine(listed.key, content), findings
            except Archived:
                return listed, None, findings
            except Gone:
                pass
        return listed, records.unknown(listed.key), [*findings, _removed(listed)]

    def _read_table(self, heads: ProductHeads) -> None:
        if self._scope.product_id is not None:
            self._table = heads.of(self._scope.product_id)
        else:
            of = self._threads.count
            for part in self._threads.map(partial(heads.segment, of=of), range(of)):
                self._table |= part
        self._report.products_in_table = len(self._table)

    # Waiting for records on their way

    def _await_records(self, patience: float, pause: Callable[[float], None]) -> None:
        doubtful = self._chains.keys() | self._table.keys()
        for seconds in _waits(patience):
            doubtful = {product_id for product_id in doubtful if any(self._places(product_id))}
            if not doubtful:
                return
            self._progress.stage("looking again for records on their way")
            pause(seconds)
            places = [place for product_id in doubtful for place in self._places(product_id)]
            self._take_in(found for there in self._threads.map(self._appeared, places) for found in there)

    def _places(self, product_id: str) -> Iterator[tuple[Scope, date, Gap]]:
        """Yield where a product's missing records may have appeared."""
        of_product = replace(self._scope, product_id=product_id)
        for gap in self._gaps(product_id):
            for day in days_to_look_at_again(of_product, gap, self._started, timestamps.now()):
                yield of_product, day, gap

    def _appeared(self, place: tuple[Scope, date, Gap]) -> list[Listed]:
        """Return the objects that are in a gap now."""
        of_product, day, gap = place
        there = [(listed, audit_key.read(listed.key)) for listed in self._bucket.objects(of_product.prefix(day))]
        return [listed for listed, told in there if told is not None and gap.first <= told.sequence <= gap.last]

    # Concluding

    def _gaps(self, product_id: str) -> Iterator[Gap]:
        head = self._table.get(product_id)
        links = self._chains.get(product_id, [])
        from_first = self._scope.first_day is None
        up_to = head.sequence if head is not None and self._scope.reaches(self._started) else 0
        return chains.gaps(links, from_first=from_first, up_to=up_to)

    def _conclude(self) -> Report:
        report = self._report
        report.products = len(self._chains)
        for product_id in self._chains.keys() | self._table.keys():
            links = self._chains.get(product_id, [])
            head = self._table.get(product_id)
            last = max((link.sequence for link in links), default=0)
            gaps = list(self._gaps(product_id))
            report.findings += (chains.missing(product_id, gap) for gap in gaps)
            report.findings += chains.broken_links(product_id, links)
            if report.products_in_table is not None:
                report.findings += chains.against_table(product_id, links, head)
            if head is not None and last < head.sequence and not any(gap.last == head.sequence for gap in gaps):
                report.not_compared += 1
            if self._scope.first_day is not None and links and min(link.sequence for link in links) > 1:
                report.without_predecessor += 1
        report.findings.sort(key=lambda finding: (finding.product_id or "", finding.sequence or 0, finding.key))
        report.archived.sort()
        return report


def _waits(patience: float) -> Iterator[float]:
    """Yield for how long to wait before each further look; there is one at least."""
    yield min(patience, SECONDS_BETWEEN_LOOKS)
    while (patience := patience - SECONDS_BETWEEN_LOOKS) > 0:
        yield min(patience, SECONDS_BETWEEN_LOOKS)


def _written_over(listed: Listed) -> Iterator[Finding]:
    earlier_markers = listed.delete_markers - listed.is_removed
    if listed.versions and (len(listed.versions) > 1 or earlier_markers):
        message = f"versions: {len(listed.versions)}, the first of them {listed.versions[-1]}"
        if earlier_markers:
            message += f"; delete markers before the last: {earlier_markers}"
        yield _finding(Kind.WRITTEN_OVER, listed.key, message)


def _removed(listed: Listed) -> Finding:
    left = f"its first version {listed.versions[-1]} is still there" if listed.versions else "no version is left"
    return _finding(Kind.REMOVED, listed.key, f"was removed; {left}")


def _finding(kind: Kind, key: str, message: str) -> Finding:
    place = audit_key.read(key)
    return Finding(kind, place and place.product_id, place and place.sequence, key, message)
