"""Many calls at a time, with no more of them under way than memory can hold."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

Argument = TypeVar("Argument")
Result = TypeVar("Result")

# Enough to keep every thread at work while one call in front, or the next page of a listing, takes long.
_WAITING_PER_THREAD = 16


class Threads:
    """Threads that make calls; a context, at whose end they are gone and calls that didn't begin are forgotten.

    Parameters
    ----------
    count : int
        How many calls are made at a time.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count)

    def __enter__(self) -> Threads:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def map(self, function: Callable[[Argument], Result], arguments: Iterable[Argument]) -> Iterator[Result]:
        """Yield the result for each argument, in their order; arguments are taken only when their turn comes near."""
        under_way: deque[Future[Result]] = deque()
        for argument in arguments:
            under_way.append(self._pool.submit(function, argument))
            if len(under_way) >= self.count * _WAITING_PER_THREAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
