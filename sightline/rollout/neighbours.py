"""Two spaces that hold the same sightings, compared by who is whose neighbour. Legend: Q queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.ports import Gallery
from sightline.types import Match, Sighting

QUERIES, NEIGHBOURS = 100, 10
_OF_A_TRACK = 5
"""Rows fetched for each neighbour that is wanted: those of the query's own track say nothing."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Cosines of the best matches: the 5th, 50th and 95th percentile; NaN where there is none."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, cosines: Sequence[float]) -> Scores:
        return cls(*np.percentile(cosines, (5, 50, 95)).tolist()) if cosines else cls(np.nan, np.nan, np.nan)

    def __str__(self) -> str:
        return f"{self.low:.2f} / {self.middle:.2f} / {self.high:.2f}"


@dataclass(frozen=True, slots=True)
class NeighbourAgreement:
    """How alike two spaces answer the same Q sightings; neighbours are of other tracks.

    Attributes:
        queries: Q, of those that both hold.
        neighbours: K, how many of each answer are looked at.
        shared: mean part of one answer's first K that are among the other's, in [0, 1]; NaN without queries.
        same_best: share of queries whose best match is the same; NaN without queries.
        first_scores, second_scores: of the best matches in either space.
    """

    queries: int
    neighbours: int
    shared: float
    same_best: float
    first_scores: Scores
    second_scores: Scores


def compare_neighbours(
    first: Gallery, second: Gallery, *, queries: int = QUERIES, neighbours: int = NEIGHBOURS
) -> NeighbourAgreement:
    """Ask both for the neighbours of the newest sightings of the first that the second holds as well.

    Raises:
        ServiceUnavailable: a gallery cannot answer now.
    """
    newest = {sighting.sighting_id: sighting for sighting in first.newest(limit=queries)}
    pairs = [(newest[twin.sighting_id], twin) for twin in second.get(list(newest))]
    answers = [(_neighbours(first, one, neighbours), _neighbours(second, twin, neighbours)) for one, twin in pairs]
    answers = [(one, other) for one, other in answers if one and other]
    shared = [len(_ids(one) & _ids(other)) / max(len(one), len(other)) for one, other in answers]
    same = [one[0].sighting.sighting_id == other[0].sighting.sighting_id for one, other in answers]
    return NeighbourAgreement(
        queries=len(answers),
        neighbours=neighbours,
        shared=float(np.mean(shared)) if answers else float("nan"),
        same_best=float(np.mean(same)) if answers else float("nan"),
        first_scores=Scores.of([one[0].score for one, _ in answers]),
        second_scores=Scores.of([other[0].score for _, other in answers]),
    )


def _neighbours(gallery: Gallery, sighting: Sighting, count: int) -> list[Match]:
    [found] = gallery.search(sighting.embedding[None], k=count * _OF_A_TRACK + 1)
    return [match for match in found if match.sighting.track != sighting.track][:count]


def _ids(matches: Sequence[Match]) -> set[str]:
    return {match.sighting.sighting_id for match in matches}
