"""Shows the steps of a command while they run and how long each took: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


@dataclass
class Step:
    """One step under way.

    Parameters
    ----------
    name
        What it does.
    note
        What came of it, in a few words.
    """

    name: str
    note: str = ""
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.started


class Steps:
    """A list of steps on the console. Steps may run in several threads.

    Attributes
    ----------
    taken : list of tuple
        Seconds and name of each that has ended.
    """

    def __init__(self, console: Console) -> None:
        self.taken: list[tuple[float, str]] = []
        self._console = console
        self._under_way: list[Step] = []
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(get_renderable=self._render, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Steps:
        """Begin to show."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing what is under way; what has been done stays."""
        if self._live:
            self._live.stop()

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Show a step for as long as the block runs, and then how it ended."""
        step = Step(name)
        with self._lock:
            self._under_way.append(step)
        try:
            yield step
        except KeyboardInterrupt:
            self._finish(step, "stopped", "yellow")
            raise
        except BaseException:
            self._finish(step, "failed", "red")
            raise
        self._finish(step, "ok", "green")

    def _finish(self, step: Step, outcome: str, style: str) -> None:
        line = Text.assemble((f"{outcome:<8}", style), f"{step.seconds:5.1f} s  ", step.name)
        if step.note:
            line.append(f": {step.note}", "dim")
        with self._lock:
            self._under_way.remove(step)
            self.taken.append((step.seconds, step.name))
        self._console.print(line, soft_wrap=True)

    def _render(self) -> Group:
        with self._lock:
            under_way = list(self._under_way)
        table = Table.grid(padding=(0, 1))
        for step in under_way:
            table.add_row(self._spinner, f"{step.seconds:10.0f} s ", step.name)
        return Group(table)
