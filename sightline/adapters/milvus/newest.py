"""The newest sightings, without order-by: windows that grow backwards in time, then a bound that shrinks.

Milvus 2.3 and Milvus Lite answer a query with *some* rows that match, at most as many as asked for. So a window that gave
fewer rows than that was read whole. One that gave as many was not: but the ``limit`` first of the rows that it did give
bound the answer from below, and asking for what is not below the bound leaves out all the others. Each round does so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sightline.adapters.milvus.filters import at_or_before_expression, before_expression, since_expression

Key = tuple[int, str]
"""(-captured_at_us, sighting id): ascending order is newest first, ties by id."""

MOST_ROWS = 4096
"""Rows of one query; above any ``limit``, so that each round leaves some out."""

_FIRST_WINDOW_US = 600 * 1_000_000
_GROWTH = 16
_WINDOWS = 7  # the last one is 319 years


def newest_keys(fetch: Callable[[str], list[Key]], *, limit: int, before_us: int | None, now_us: int) -> list[Key]:
    """The first ``limit`` keys.

    Args:
        fetch: the keys that match an expression, at most :data:`MOST_ROWS` of them, in any order.
        limit: less than :data:`MOST_ROWS`.
        before_us: only what was captured before it.
        now_us: where to begin to look if ``before_us`` is unset; later sightings are found as well.
    """
    until = [] if before_us is None else [before_expression(before_us)]
    keys: list[Key] = []
    for since in _windows(now_us if before_us is None else before_us):
        keys = fetch(" and ".join(until + since))
        if len(keys) >= limit:
            break
    while len(keys) == MOST_ROWS:
        time, sighting_id = sorted(keys)[limit - 1]
        keys = fetch(" and ".join([*until, at_or_before_expression(-time, sighting_id)]))
    return sorted(keys)[:limit]


def _windows(top_us: int) -> Iterator[list[str]]:
    for exponent in range(_WINDOWS):
        yield [since_expression(top_us - _FIRST_WINDOW_US * _GROWTH**exponent)]
    yield []
