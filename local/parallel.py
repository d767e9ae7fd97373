"""Several tasks at a time, ended in order when one fails or the whole command is interrupted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local import programs
from local.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@contextmanager
def tasks_at_a_time(number: int) -> Iterator[ThreadPoolExecutor]:
    """Give an executor whose tasks have all ended when the block is left.

    If the block raises a `Failure`, what has begun is finished and nothing else begins. If it is interrupted, what
    has begun is interrupted too.
    """
    pool = ThreadPoolExecutor(number)
    try:
        yield pool
        pool.shutdown()
    except Failure:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        programs.interrupt()
        pool.shutdown()
        raise


def in_parallel(tasks: Iterable[Callable[[], None]], number: int) -> None:
    """Run tasks, so many at a time, and wait for all; the first failure ends the rest."""
    with tasks_at_a_time(number) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
