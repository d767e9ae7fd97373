"""How far a verification is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

SECONDS_BETWEEN_LINES = 10.0


class ProgressDisplay(Protocol):
    """Shows how far a verification is; a context."""

    def __enter__(self) -> ProgressDisplay: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def stage(self, name: str) -> None:
        """Say what is done from now on."""

    def listed(self) -> None:
        """Count an object that is to be read."""

    def read(self) -> None:
        """Count an object that was read."""


def display(stream: TextIO) -> ProgressDisplay:
    """Return what shows progress on a stream: a bar if it is a terminal that can show one."""
    console = Console(file=stream)
    # The console takes other streams for terminals too, if the environment asks for colours.
    return _Bar(console) if stream.isatty() and not console.is_dumb_terminal else _Lines(stream)


class _Bar:
    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]} objects/s"),
            TimeElapsedColumn(),
        )
        # What it showed gives way to the result.
        self._progress = Progress(*columns, console=console, transient=True, redirect_stdout=False)
        self._task = self._progress.add_task("", total=0, rate="0")
        self._started = time.monotonic()
        self._listed = self._read = 0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, name: str) -> None:
        self._progress.update(self._task, description=name)

    def listed(self) -> None:
        self._listed += 1
        self._progress.update(self._task, total=self._listed)

    def read(self) -> None:
        self._read += 1
        rate = self._read / max(time.monotonic() - self._started, 0.001)
        self._progress.update(self._task, completed=self._read, rate=f"{rate:,.0f}")


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage = ""
        self._listed = self._read = 0
        self._due = time.monotonic() + SECONDS_BETWEEN_LINES

    def __enter__(self) -> _Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def stage(self, name: str) -> None:
        self._stage = name
        print(name, file=self._stream, flush=True)

    def listed(self) -> None:
        self._listed += 1

    def read(self) -> None:
        self._read += 1
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + SECONDS_BETWEEN_LINES
            print(
                f"{self._stage}: {self._read:,} of {self._listed:,} listed objects read", file=self._stream, flush=True
            )
