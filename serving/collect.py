"""Collecting k matches through conditions that the gallery cannot check: fetch more until there are enough."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from sightline.ports import MAX_MATCHES
from sightline.types import Match

_GROWTH = 4


def collect(
    search: Callable[[int], list[Match]],
    k: int,
    *,
    keep: Callable[[Match], bool],
    key: Callable[[Match], Hashable],
    first_fetch: int,
) -> tuple[list[Match], bool]:
    """The ``k`` best matches that ``keep`` accepts, at most one of each ``key``.

    Args:
        search: gives that many best matches, best first, or fewer where the gallery holds no more.
        first_fetch: how many to ask for at first; each further round asks for four times as many.

    Returns:
        The matches, and whether they are complete: False if :data:`MAX_MATCHES` ended the search before ``k`` were found.
    """
    fetch = min(first_fetch, MAX_MATCHES)
    while True:
        found = search(fetch)
        chosen = _first_of_each(found, keep, key)[:k]
        if len(chosen) == k or len(found) < fetch:
            return chosen, True
        if fetch == MAX_MATCHES:
            return chosen, False
        fetch = min(fetch * _GROWTH, MAX_MATCHES)


def _first_of_each(matches: list[Match], keep: Callable[[Match], bool], key: Callable[[Match], Hashable]) -> list[Match]:
    first: dict[Hashable, Match] = {}
    for match in matches:
        if keep(match):
            first.setdefault(key(match), match)
    return list(first.values())
