"""Two spaces compared by who is whose neighbour; recomputed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from sightline.rollout.neighbours import Scores, compare_neighbours
from sightline.testing import InMemoryGallery
from sightline.types import Sighting


def gallery(space: str, angles: Mapping[str, float], *, tracks: Mapping[str, str] | None = None) -> InMemoryGallery:
    """People on a circle, at these degrees; each a track of its own unless said otherwise."""
    made = InMemoryGallery(space, dimension=2)
    made.add([_sighting(space, name, degrees, (tracks or {}).get(name, name)) for name, degrees in angles.items()])
    return made


def _sighting(space: str, name: str, degrees: float, track: str) -> Sighting:
    vector = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)
    return Sighting(name, "hall", "f", 1, track, (0, 0, 1, 2), 0.9, 0.9, vector, space)


def test_a_space_agrees_with_itself() -> None:
    angles = {name: 10.0 * number for number, name in enumerate("abcdef")}
    found = compare_neighbours(gallery("a", angles), gallery("b", angles), neighbours=2)
    assert (found.queries, found.shared, found.same_best) == (6, 1.0, 1.0)
    assert found.first_scores == found.second_scores
    assert found.first_scores.middle == pytest.approx(np.cos(np.radians(10)), abs=1e-6)


def test_agreement_by_hand() -> None:
    # In the first, a b | c d stand together, in the second a c | b d: nobody's best match is the same.
    first = gallery("a", {"a": 0, "b": 10, "c": 90, "d": 101})
    second = gallery("b", {"a": 0, "c": 10, "b": 90, "d": 101})
    found = compare_neighbours(first, second, neighbours=2)
    # The first two of each: a (b c; c b), b (a c; d c), c (d b; a b), d (c b; b c): 2, 1, 1 and 2 in common.
    assert found.shared == pytest.approx((1 + 0.5 + 0.5 + 1) / 4)
    assert found.same_best == 0.0


def test_ones_own_track_says_nothing_and_what_one_space_lacks_does_not_ask() -> None:
    tracks = {"a": "t", "a2": "t"}
    first = gallery("a", {"a": 0, "a2": 1, "b": 40, "c": 90}, tracks=tracks)
    second = gallery("b", {"a": 0, "a2": 1, "b": 40}, tracks=tracks)
    found = compare_neighbours(first, second, neighbours=1)
    assert (found.queries, found.same_best) == (3, 1.0)
    assert found.first_scores.high < np.cos(np.radians(30))


@pytest.mark.parametrize("names", [[], ["a"]])
def test_nobody_to_ask(names: Sequence[str]) -> None:
    found = compare_neighbours(gallery("a", dict.fromkeys(names, 0.0)), gallery("b", {}))
    assert found.queries == 0
    assert np.isnan(found.shared)
    assert np.isnan(Scores.of([]).middle)
