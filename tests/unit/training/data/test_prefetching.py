"""Work ahead: in order, bounded, and over when nobody wants it any more."""

from __future__ import annotations

import threading
import time
from itertools import count, islice

import pytest

from training.data.prefetching import prefetched


def test_results_come_in_order_whoever_is_quicker():
    def slow_then_quick(item: int) -> int:
        time.sleep(0.02 if item % 3 == 0 else 0)
        return item * item

    assert list(prefetched(iter(range(30)), slow_then_quick, threads=4, ahead=6)) == [item * item for item in range(30)]


def test_no_item_is_no_result():
    assert list(prefetched(iter(()), lambda item: item)) == []


def test_no_more_than_so_many_are_begun_ahead():
    begun = []
    results = prefetched(count(), lambda item: begun.append(item) or item, threads=2, ahead=5)
    for taken in range(1, 20):
        next(results)
        assert len(begun) <= taken + 5
    results.close()


def test_an_error_comes_where_its_result_would_have_come():
    def work(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    results = prefetched(iter(range(5)), work, ahead=5)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert list(results) == []


def test_an_error_of_the_items_is_raised():
    def items():
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(prefetched(items(), lambda item: item))


def test_its_threads_end_when_it_is_closed_or_used_up():
    def alive() -> int:
        return sum(thread.name.startswith("prefetch") for thread in threading.enumerate())

    before = alive()
    endless = prefetched(count(), lambda item: item, threads=3)
    list(islice(endless, 4))
    assert alive() > before
    endless.close()
    list(prefetched(iter(range(9)), lambda item: item, threads=3))
    deadline = time.monotonic() + 10
    while alive() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert alive() == before
