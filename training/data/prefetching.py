"""Work done ahead by threads, its results in order, never more than so many of them waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def prefetched(items: Iterator[Item], work: Callable[[Item], Result], *, threads: int = 1, ahead: int = 4) -> Iterator[Result]:
    """``work`` of each item, in the items' order.

    At most ``ahead`` results are waiting or being worked on. An error of ``work`` is raised where its result would
    have come, one of ``items`` at once. When the iterator is closed, the threads end after what they have begun.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="prefetch") as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(work, item) for item in islice(items, ahead))
        try:
            while waiting:
                result = waiting.popleft().result()
                # The next one is begun before this one is handed over: whoever takes it may be busy with it for long.
                waiting.extend(pool.submit(work, item) for item in islice(items, 1))
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
