"""Fetching more until there are enough."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serving.collect import collect
from sightline.ports import MAX_MATCHES
from sightline.types import Match, Sighting


def match(number: int, track: str) -> Match:
    sighting = Sighting(
        str(number), "cam", f"f{number}", 0, track, (0.0, 0.0, 1.0, 1.0), 0.9, 0.5, np.zeros(2, np.float32), "space"
    )
    return Match(sighting, 1.0 - number / 1e6)


def test_nothing_to_find_is_complete() -> None:
    assert collect(lambda _: [], 5, keep=lambda _: True, key=lambda m: m.sighting.track, first_fetch=20) == ([], True)


@given(tracks=st.lists(st.integers(0, 30), max_size=200), k=st.integers(1, 40), first=st.integers(1, 50))
def test_the_best_of_each_track_as_if_all_were_fetched(tracks: list[int], k: int, first: int) -> None:
    ranked = [match(number, f"t{track}") for number, track in enumerate(tracks)]
    best: dict[str, Match] = {}
    for item in ranked:
        best.setdefault(item.sighting.track, item)

    found, complete = collect(
        lambda fetch: ranked[:fetch], k, keep=lambda _: True, key=lambda m: m.sighting.track, first_fetch=first
    )

    assert found == list(best.values())[:k]
    assert complete


def test_gives_up_at_the_bound_and_says_so() -> None:
    one_track = [match(number, "same") for number in range(MAX_MATCHES + 10)]
    asked: list[int] = []

    def search(fetch: int) -> list[Match]:
        asked.append(fetch)
        return one_track[:fetch]

    found, complete = collect(search, 2, keep=lambda _: True, key=lambda m: m.sighting.track, first_fetch=8)

    assert (len(found), complete) == (1, False)
    assert max(asked) == MAX_MATCHES
    assert len(asked) < 10
