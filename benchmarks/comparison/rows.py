"""What is measured, and the target of each figure."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from comparison import traffic
from comparison.rounds import Run
from comparison.subjects import FRAMEWORKS, TRIMMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from comparison.rounds import Measured
    from comparison.subjects import Subject

READS = ("get_product", "list_products")
WRITES = ("create_product", "update_product")
OTHERS = ("delete_product", "product_creator", "audit_logger")
FUNCTIONS = (*READS, *WRITES, *OTHERS)

# A function with 256 MB has a seventh of a processor, so that what it waits for at its start is the processor.
COLD, COLD_CLOCK, WARM, PEAK = "cold start", "cold start, AWS 5 ms away", "warm request", "peak memory"
PACKAGE, BATCH, VERIFICATION = "package", "batch of 10", "verify_audit.py"

AWS_MS, PUT_MS, S3_MS = 5, 20, 100
WARM_REPETITIONS, BATCH_REPETITIONS = 200, 15
MB = 1_000_000
MOST_MB, MOST_MB_OF_A_READ = 22, 12
LEAST_OBJECTS_A_SECOND = 500


@dataclass(frozen=True)
class Row:
    """A figure and its target.

    Parameters
    ----------
    measured
        What was measured.
    subject
        Of what.
    beside
        What it is compared with; empty where the figure stands for itself.
    value
        The figure.
    target
        What it must not exceed, or with `at_least` must reach.
    own, other
        The medians that were compared, in `unit`; 0 where there is none.
    """

    measured: str
    subject: str
    beside: str
    value: float
    target: float
    unit: str
    own: float = 0.0
    other: float = 0.0
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the target is met."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def _event(name: str) -> Callable[[], Sequence[object]]:
    """Return what makes the events of a function."""
    return {
        "get_product": lambda: [traffic.request("GET", 1)],
        "list_products": lambda: [traffic.request("GET")],
        "create_product": lambda: [traffic.request("POST", body=traffic.REQUIRED)],
        "update_product": lambda: [traffic.request("PUT", 1, {"price": 199.9})],
        "delete_product": lambda: [traffic.request("DELETE", 1)],
        "product_creator": lambda: [traffic.batch(traffic.changes(1))],
        "audit_logger": lambda: [traffic.batch(traffic.records(1))],
    }[name]


def _name(subject: str, of: str, delay_ms: int = 0) -> str:
    return f"{subject} for {of}, {delay_ms} ms"


def runs(subjects: Mapping[str, Subject]) -> list[Run]:
    """Return what is run in each round."""
    made = []
    # A reference answers a read with the same one call.
    for read in READS:
        for name in (read, "floor", TRIMMED, *FRAMEWORKS):
            made.append(Run(_name(name, read), subjects[name], _event(read), repetitions=WARM_REPETITIONS))
        for name in (read, "floor", TRIMMED, "cookbook"):
            made.append(Run(_name(name, read, AWS_MS), subjects[name], _event(read), AWS_MS))
    for name in (*WRITES, *OTHERS):
        made.append(Run(_name(name, name), subjects[name], _event(name)))
    made.append(Run(_name("cookbook", "create_product"), subjects["cookbook"], _event("create_product")))
    return made


def batch_runs(subjects: Mapping[str, Subject]) -> list[Run]:
    """Return what takes one message and ten, in turns."""
    return [
        Run(
            name,
            subjects[name],
            lambda messages=messages: [traffic.batch(messages(1)), traffic.batch(messages(traffic.BATCH))],  # type: ignore[misc]
            delay_ms,
            BATCH_REPETITIONS,
        )
        for name, messages, delay_ms in (
            ("product_creator", traffic.changes, AWS_MS),
            ("audit_logger", traffic.records, PUT_MS),
        )
    ]


def compared(results: Mapping[str, Sequence[Measured]]) -> list[Row]:
    """Return the rows that hold functions against references, pair by pair: the median of the ratios of all rounds."""

    def row(
        measured: str, subject: str, beside: str, target: float, *, of: str | None = None, other: str | None = None
    ) -> Row:
        quantity, scale, unit = _QUANTITIES[measured]
        delay_ms = AWS_MS if measured == COLD_CLOCK else 0
        own = [quantity(each) for each in results[_name(subject, of or subject, delay_ms)]]
        others = [quantity(each) for each in results[_name(beside, other or of or subject, delay_ms)]]
        ratio = statistics.median(one / another for one, another in zip(own, others, strict=True))
        medians = (statistics.median(own) * scale, statistics.median(others) * scale)
        return Row(measured, subject, beside, ratio, target, unit, *medians)

    rows = []
    for measured in (COLD, COLD_CLOCK):
        for read in READS:
            rows += [
                row(measured, read, name, most) for name, most in (("floor", 0.9), (TRIMMED, 1.08), ("cookbook", 0.4))
            ]
    for write in WRITES:
        rows.append(row(COLD, write, "floor", 1.25, other="get_product"))
        rows.append(row(COLD, write, "cookbook", 0.6, other="create_product"))
    rows += [row(COLD, name, "floor", 1.1, other="get_product") for name in OTHERS]
    for read in READS:
        rows.append(row(WARM, read, "floor", 1.2))
        rows += [row(WARM, read, name, 1.0) for name in FRAMEWORKS]
    for name in FUNCTIONS:
        rows.append(row(PEAK, name, "floor", 1.3 if name in WRITES else 1.1, other="get_product"))
    return rows


_QUANTITIES: Mapping[str, tuple[Callable[[Measured], float], float, str]] = {
    COLD: (attrgetter("cold_processor"), 1000, "ms"),
    COLD_CLOCK: (attrgetter("cold_clock"), 1000, "ms"),
    # The processor's time has nothing of the endpoint's, which is another process.
    WARM: (lambda measured: measured.warm_processor[0], 1000, "ms"),
    PEAK: (attrgetter("peak_kb"), 1 / 1024, "MB"),
}


def packages(subjects: Mapping[str, Subject]) -> list[Row]:
    """Return the size of each package."""
    rows = []
    for name in FUNCTIONS:
        size = subjects[name].bytes / MB
        rows.append(Row(PACKAGE, name, "", size, MOST_MB_OF_A_READ if name in READS else MOST_MB, "MB", size))
    return rows


def batches(results: Mapping[str, Sequence[Measured]]) -> list[Row]:
    """Return how much longer ten messages take than one."""

    def row(name: str, most: float) -> Row:
        single, whole = ([each.warm_clock[event] for each in results[name]] for event in range(2))
        ratio = statistics.median(ten / one for one, ten in zip(single, whole, strict=True))
        own, other = (statistics.median(clocks) * 1000 for clocks in (whole, single))
        return Row(BATCH, name, "one message", ratio, most, "ms", own, other)

    return [row("product_creator", 2.5), row("audit_logger", 1.5)]


def verification(objects_a_second: float) -> Row:
    """Return how fast the audit trail is verified."""
    return Row(
        VERIFICATION,
        f"S3 {S3_MS} ms away",
        "",
        objects_a_second,
        LEAST_OBJECTS_A_SECOND,
        "objects/s",
        objects_a_second,
        at_least=True,
    )
