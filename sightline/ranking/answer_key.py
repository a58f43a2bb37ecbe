"""Which gallery rows answer a query, and where they rank: what CMC and average precision are made of.

Legend: Q queries, G gallery rows, H right answers of a query. Ranks count from 1; equal distances rank in order of index.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.ranking.distances import FloatArray

IntArray = NDArray[np.integer]

JUNK_PID = -1


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of one query that has any: rows of the gallery without its junk.

    Attributes:
        query: its index.
        right: int64 (H,): of its pid in other cameras; ascending, at least one.
        dropped: int64 (X,): of its pid in its own camera, which do not count at all.
    """

    query: int
    right: NDArray[np.int64]
    dropped: NDArray[np.int64]


class AnswerKey:
    """Who is in the gallery. Junk (pid -1) is dropped; pid 0 is a distractor, right for nobody's query but pid 0's own."""

    def __init__(self, gallery_pids: IntArray, gallery_camids: IntArray) -> None:
        """Both (G,)."""
        real = gallery_pids != JUNK_PID
        self._real = None if real.all() else np.flatnonzero(real)
        self._pids, self._camids = gallery_pids[real], gallery_camids[real]
        self._by_pid = np.argsort(self._pids, kind="stable")

    def answers(self, query_pids: IntArray, query_camids: IntArray) -> Iterator[Answers]:
        """For each of (Q,) queries that has an answer, in their order."""
        pids = self._pids[self._by_pid]
        starts, stops = np.searchsorted(pids, query_pids), np.searchsorted(pids, query_pids, side="right")
        for query, (start, stop) in enumerate(zip(starts, stops, strict=True)):
            same = self._by_pid[start:stop]
            own_camera = self._camids[same] == query_camids[query]
            if not own_camera.all():
                yield Answers(query, same[~own_camera], same[own_camera])

    def hit_ranks(self, answers: Answers, distances: FloatArray) -> NDArray[np.int64]:
        """The ranks of the right answers, ascending: int64 (H,). ``distances`` is the query's row (G,)."""
        distances = self._without_junk(distances)
        ranks = _ranks(distances, answers.right)
        return np.sort(ranks - _before(distances, answers.dropped, answers.right))

    def single_shot_ranks(
        self, answers: Answers, distances: FloatArray, *, rng: np.random.Generator, repeats: int
    ) -> list[int]:
        """The rank of the right answer in each of ``repeats`` galleries of one row a pid, drawn at random."""
        distances = self._without_junk(distances)
        kept = np.ones(len(distances), np.bool_)
        kept[answers.dropped] = False
        by_pid = self._by_pid[kept[self._by_pid]]
        starts = np.flatnonzero(np.diff(self._pids[by_pid], prepend=JUNK_PID))
        counts = np.diff(starts, append=len(by_pid))
        ranks = []
        for _ in range(repeats):
            drawn = np.sort(by_pid[starts + rng.integers(counts)])
            ranks.append(int(_ranks(distances[drawn], np.flatnonzero(np.isin(drawn, answers.right)))[0]))
        return ranks

    def _without_junk(self, distances: FloatArray) -> FloatArray:
        return distances if self._real is None else distances[self._real]


def _ranks(distances: FloatArray, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ranks of ``rows`` (H,) among ``distances`` (G,).

    Nothing is sorted: a rank is one more than how many come before, and right answers are few.
    """
    nearer = [np.count_nonzero(distances < distances[row]) for row in rows]
    tied = [np.count_nonzero(distances[:row] == distances[row]) for row in rows]
    return np.array(nearer, np.int64) + np.array(tied, np.int64) + 1


def _before(distances: FloatArray, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of ``rows`` (X,) rank before each of ``others`` (H,): int64 (H,)."""
    first, second = distances[rows], distances[others][:, None]
    return np.asarray(((first < second) | ((first == second) & (rows < others[:, None]))).sum(axis=1))
