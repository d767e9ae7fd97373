"""SIGINT (Ctrl-C) and SIGTERM: what whoever cancels a script sends. Nothing else changes what they do."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import FrameType, TracebackType

_CANCELLING = (signal.SIGINT, signal.SIGTERM)
_STANDARD_ERROR = 2


def obey() -> None:
    """Let Ctrl-C interrupt this script although it was started with SIGINT ignored, as by a shell in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def handled_by(
    handler: Callable[[int, FrameType | None], object], numbers: tuple[signal.Signals, ...] = _CANCELLING
) -> Iterator[None]:
    """Have a handler see signals inside the block, by default both."""
    usual = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, before in usual.items():
            signal.signal(number, before)


def left_to_child() -> AbstractContextManager[None]:
    """Leave Ctrl-C to a program that runs inside the block, which the terminal tells of it too."""
    return handled_by(lambda *_: None, (signal.SIGINT,))


def ignore() -> None:
    """Let nothing interrupt this script any more: what it does at its end must be done."""
    for number in _CANCELLING:
        signal.signal(number, signal.SIG_IGN)


class Interruption:
    """Takes note of the first signal while its block runs, for the script to ask.

    Parameters
    ----------
    once_more_ends
        Whether a second signal has its usual effect, which is to end the script at once, and the first is answered
        with a line that says so. Otherwise later ones do nothing: whoever cancels may send several.

    Attributes
    ----------
    signal_number
        The first signal that came, or None.
    """

    def __init__(self, *, once_more_ends: bool) -> None:
        self.signal_number: int | None = None
        self._once_more_ends = once_more_ends

    def __enter__(self) -> Interruption:
        self._handled = handled_by(self._note)
        self._handled.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._handled.__exit__(kind, error, traceback)

    def __bool__(self) -> bool:
        return self.signal_number is not None

    @property
    def exit_status(self) -> int:
        """What a shell expects of a program that a signal ended; 0 if none came."""
        return 0 if self.signal_number is None else 128 + self.signal_number

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number is None:
            self.signal_number = number
            if self._once_more_ends:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                # print isn't safe where a signal may have interrupted another print.
                os.write(_STANDARD_ERROR, b"\nending after the call at work; once more ends at once\n")
