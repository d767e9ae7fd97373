"""Ctrl-C that ends a script between two calls to AWS, where it is known what the last one did."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType

_STANDARD_ERROR = 2


class Interruption:
    """Takes note of SIGINT (Ctrl-C) and SIGTERM while its block runs, for the script to ask.

    A second one has its usual effect: it ends the script at once.

    Attributes
    ----------
    signal_number
        The signal that came, or None.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None

    def __enter__(self) -> Interruption:
        self._usual = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._restore()

    def __bool__(self) -> bool:
        return self.signal_number is not None

    @property
    def exit_status(self) -> int:
        """What a shell expects of a program that a signal ended; 0 if none came."""
        return 0 if self.signal_number is None else 128 + self.signal_number

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self.signal_number = number
        # print isn't safe where a signal may have interrupted another print.
        os.write(_STANDARD_ERROR, b"\nending after the call at work; once more ends at once\n")

    def _restore(self) -> None:
        for number, handler in self._usual.items():
            signal.signal(number, handler)
