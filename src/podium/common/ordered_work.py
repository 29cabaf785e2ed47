"""Work done ahead of its use by several threads, handed out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int
) -> Iterator[Result]:
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
