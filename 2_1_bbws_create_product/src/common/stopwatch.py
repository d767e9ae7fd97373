"""How long a request has taken, and whether some of that was waiting."""

from __future__ import annotations

import time


class Stopwatch:
    """Runs from the moment that it is made.

    Attributes
    ----------
    waited : bool
        Whether it was paused with: then the time says nothing of how fast the service is.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.waited = False

    @property
    def seconds(self) -> float:
        """How many seconds have passed."""
        return time.monotonic() - self._started

    def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        self.waited = True
        time.sleep(seconds)
