"""Rounds: in each, every subject runs once in a process of its own, so that what slows the computer slows all alike."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from comparison import traffic
from local.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from comparison.canned_aws import CannedAws
    from comparison.subjects import Subject

PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True)
class Run:
    """What is run once a round.

    Parameters
    ----------
    name
        What the results call it.
    subject
        Whose handler.
    events
        Makes what it is given; the first one in the cold start, then all of them in turns.
    delay_ms
        How late AWS answers.
    repetitions
        How often it is given them, once it is warm.
    """

    name: str
    subject: Subject
    events: Callable[[], Sequence[object]]
    delay_ms: int = 0
    repetitions: int = 0


@dataclass(frozen=True)
class Measured:
    """What one run took.

    Attributes
    ----------
    cold_processor, cold_clock
        Seconds from the process's start to its first answer: of a processor, and of the clock.
    warm_processor, warm_clock
        Seconds that each event took on average once the process was warm.
    peak_kb
        The most memory that it held.
    """

    cold_processor: float
    cold_clock: float
    warm_processor: tuple[float, ...]
    warm_clock: tuple[float, ...]
    peak_kb: int


def measure(run: Run, aws: CannedAws) -> Measured:
    """Run a subject in a process of its own.

    Raises
    ------
    Failure
        If it doesn't answer as it should.
    """
    events = json.dumps(run.events())
    path = ":".join(map(str, run.subject.path))
    began = time.monotonic()
    # -I and -S: nothing is found but the standard library and what the subject brings.
    # Nobody reads its log: each line would wake this process.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROBE), path, str(run.repetitions)],
        input=events,
        env=traffic.variables(aws.url(run.delay_ms)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failure(f"{run.name} failed: {done.stderr.strip().splitlines()[-1]}")
    said = json.loads(done.stderr.splitlines()[-1])
    return Measured(
        cold_processor=said["cold"]["processor"],
        cold_clock=said["cold"]["until"] - began,
        warm_processor=tuple(map(_middle, said["processors"])),
        warm_clock=tuple(map(_middle, said["clocks"])),
        peak_kb=said["peak_kb"],
    )


def take_turns(
    runs: Iterable[Run], aws: CannedAws, rounds: int, said: Callable[[str], None]
) -> dict[str, list[Measured]]:
    """Return what each run took in each round.

    Parameters
    ----------
    said
        Is told how far it is.
    """
    every = list(runs)
    results: dict[str, list[Measured]] = {run.name: [] for run in every}
    for number in range(1, rounds + 1):
        said(f"round {number} of {rounds}")
        # Every other round backwards: nobody always comes after the same one.
        for run in every if number % 2 else reversed(every):
            results[run.name].append(measure(run, aws))
    return results


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
