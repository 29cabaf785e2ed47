"""Work done ahead of its use by several threads, handed out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int
) -> Generator[Result, None, None]:
    """Yield function(item) for every item, in their order.

    Items are taken in the caller's thread, and no more than needed: memory holds at most `ahead`
    results and what the caller keeps. An error in an item comes up at its turn, and ends all.

    Args:
        function: Called in worker threads.
        items: What it is called with.
        threads: Calls at a time.
        ahead: Calls that are under way or done and not yet taken, at least `threads`.
    """
    source = iter(items)
    executor = ThreadPoolExecutor(threads, thread_name_prefix="podium")
    try:
        waiting: deque[Future[Result]] = deque(
            executor.submit(function, item) for item in islice(source, max(ahead, threads))
        )
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(executor.submit(function, item) for item in islice(source, 1))
            yield result
    finally:
        executor.shutdown(cancel_futures=True)


class RangesAhead(Generic[Result]):
    """Work on ranges of numbers that are asked for one after the other, done ahead of its use.

    While the caller is busy with one range, threads begin the next: they do not stand still where
    a range ends. A range that is asked for out of turn is begun anew.
    """

    def __init__(
        self, function: Callable[[int], Result], ranges: Sequence[range], threads: int, ahead: int
    ) -> None:
        """Nothing is begun yet.

        Args:
            function: Called with a number, in worker threads.
            ranges: In the order in which they will be asked for.
            threads: Calls at a time.
            ahead: See `work_ahead`.
        """
        self._function, self._ranges = function, ranges
        self._threads, self._ahead = threads, ahead
        self._results: Generator[Result, None, None] | None = None
        self._next: int | None = None

    def take(self, place: int) -> Generator[Result, None, None]:
        """Yield function(number) for every number of one of the ranges, in their order.

        After the last range, an error, or a generator that is closed before its end, no work is
        under way.
        """
        if self._results is None or self._next != place:
            self.close()
            numbers = chain.from_iterable(self._ranges[place:])
            self._results = work_ahead(self._function, numbers, self._threads, self._ahead)
        self._next = None
        try:
            yield from islice(self._results, len(self._ranges[place]))
            if place + 1 < len(self._ranges):
                self._next = place + 1
        finally:
            if self._next is None:
                self.close()

    def close(self) -> None:
        """End what is under way."""
        if self._results is not None:
            self._results.close()
        self._results = self._next = None
