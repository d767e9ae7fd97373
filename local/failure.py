"""The one exception that ends a command with a message for the person who typed it."""

from __future__ import annotations


class Failure(Exception):
    """Something is missing or went wrong, and the message says what to do about it.

    Parameters
    ----------
    message
        One line or a few, without a full stop where it ends in a command.
    details
        More lines to show below it, such as the end of a log.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details
