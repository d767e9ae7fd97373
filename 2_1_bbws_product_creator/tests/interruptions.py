"""Ctrl-C for the tests."""

import signal
import threading


def interrupt() -> None:
    """Send SIGINT to the main thread, as Ctrl-C does: another thread that got it would leave that one waiting."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)
