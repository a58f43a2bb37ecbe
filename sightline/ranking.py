"""How well distances rank a gallery: pairwise distances, CMC and mAP, in the protocols of person re-identification.

Legend: Q queries, G gallery rows, D embedding dimensions, R ranks. A pid is an identity, a camid a camera. ``distmat``
is (Q, G): smaller is more alike.

Gallery rows of pid -1 are junk (bad boxes) and dropped first; pid 0 is a distractor and kept. For each query, gallery rows
of the same pid *and* camid are dropped: to find a person in the camera that asks is no merit. A query whose pid is in no
other camera has no answer and does not count. (Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]

Metric = Literal["euclidean", "squared_euclidean", "cosine"]
Protocol = Literal["market1501", "cuhk03"]
AveragePrecision = Literal["non_interpolated", "trapezoidal", "interpolated"]

JUNK_PID = -1


@dataclass(frozen=True, slots=True, eq=False)
class RankingResult:
    """How well a gallery was ranked.

    Attributes:
        cmc: float64 (R,): the part of the queries with a right answer among the first 1, 2, … R.
        mean_ap: mean average precision over the queries.
        queries: how many counted.
    """

    cmc: NDArray[np.float64]
    mean_ap: float
    queries: int


def pairwise_distance(query: FloatArray, gallery: FloatArray, metric: Metric = "euclidean") -> FloatArray:
    """Distances of every query to every gallery row: (Q, D), (G, D) -> (Q, G), of the inputs' float type.

    ``cosine`` is 1 - the cosine of the angle; a vector of zeros is at distance 1 from all.

    Raises:
        ValueError: the shapes do not fit, or the metric is unknown.
    """
    if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1]:
        raise ValueError(f"expected (Q, D) and (G, D), got {query.shape} and {gallery.shape}")
    if metric == "cosine":
        return np.asarray(1 - _normalised(query) @ _normalised(gallery).T)
    if metric not in ("euclidean", "squared_euclidean"):
        raise ValueError(f"metric: expected euclidean, squared_euclidean or cosine, got {metric!r}")
    # |q - g|² = |q|² + |g|² - 2 q·g: one matrix product instead of a (Q, G, D) array.
    squared = (query**2).sum(axis=1)[:, None] + (gallery**2).sum(axis=1)[None, :] - 2 * (query @ gallery.T)
    np.maximum(squared, 0, out=squared)  # rounding can bring it below
    return np.asarray(squared if metric == "squared_euclidean" else np.sqrt(squared))


def evaluate_ranking(
    distmat: FloatArray,
    query_pids: IntArray,
    gallery_pids: IntArray,
    query_camids: IntArray,
    gallery_camids: IntArray,
    *,
    max_rank: int = 50,
    protocol: Protocol = "market1501",
    average_precision: AveragePrecision = "non_interpolated",
    rng: np.random.Generator | None = None,
    repeats: int = 10,
) -> RankingResult:
    """CMC and mAP of a ranking.

    Args:
        distmat: (Q, G); equal distances rank in the gallery's order.
        query_pids, query_camids: (Q,).
        gallery_pids, gallery_camids: (G,).
        max_rank: R, the length of ``cmc``; past the gallery's size it stays level.
        protocol: ``market1501`` ranks the whole gallery. ``cuhk03`` is single-shot: its CMC is over galleries of one row a pid
            (pid 0 too), drawn at random for each query and repeat; its mAP is over the whole gallery, as is the custom.
        average_precision: ``non_interpolated``, the mean of the precision at each right answer; ``trapezoidal``, as
            Market-1501's own MATLAB code integrates it; ``interpolated``, with the best precision at that recall or above.
        rng: draws the gallery of ``cuhk03``; needed there only.
        repeats: draws for each query of ``cuhk03``, averaged.

    Raises:
        ValueError: shapes do not fit, a distance is not a number, no query can be answered, or ``cuhk03`` has no ``rng``.
    """
    queries, gallery = (len(query_pids), len(query_camids)), (len(gallery_pids), len(gallery_camids))
    if distmat.ndim != 2 or (*queries, *gallery) != (distmat.shape[0],) * 2 + (distmat.shape[1],) * 2:
        raise ValueError(f"expected distmat (Q, G), pids and camids (Q,) and (G,); got {distmat.shape}, {queries}, {gallery}")
    if np.isnan(distmat).any():
        raise ValueError("distmat: expected numbers, got NaN")
    if max_rank < 1:
        raise ValueError(f"max_rank: expected at least 1, got {max_rank}")
    real = gallery_pids != JUNK_PID
    table = _Table(distmat[:, real], query_pids, gallery_pids[real], query_camids, gallery_camids[real])
    found = list(table.hit_ranks())
    if not found:
        raise ValueError("no query's pid is in the gallery of another camera: nothing to evaluate")
    if protocol == "market1501":
        first_ranks = [int(ranks[0]) for ranks in found]
    elif protocol == "cuhk03":
        if rng is None or repeats < 1:
            raise ValueError("cuhk03 draws its gallery at random: pass rng=numpy.random.default_rng(seed) and repeats >= 1")
        first_ranks = list(table.single_shot_ranks(rng, repeats))
    else:
        raise ValueError(f"protocol: expected market1501 or cuhk03, got {protocol!r}")
    mean_ap = np.mean([_average_precision(ranks, average_precision) for ranks in found])
    return RankingResult(_cmc(first_ranks, max_rank), float(mean_ap), len(found))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Distances and who is who, junk already dropped."""

    distmat: FloatArray
    query_pids: IntArray
    gallery_pids: IntArray
    query_camids: IntArray
    gallery_camids: IntArray

    def hit_ranks(self) -> Iterator[IntArray]:
        """For each query that has an answer, the 1-based ranks of its right answers, ascending.

        Nothing is sorted: a rank is one more than how many come before, and right answers are few.
        """
        for distances, keep, right in self._rows():
            yield np.sort(_ranks(distances[keep], np.flatnonzero(right[keep])))

    def single_shot_ranks(self, rng: np.random.Generator, repeats: int) -> Iterator[int]:
        """For each query that has an answer, its rank in each of ``repeats`` galleries of one row a pid."""
        for distances, keep, right in self._rows():
            kept = np.flatnonzero(keep)
            by_pid = kept[np.argsort(self.gallery_pids[kept], kind="stable")]
            _, starts, counts = np.unique(self.gallery_pids[by_pid], return_index=True, return_counts=True)
            for _ in range(repeats):
                drawn = np.sort(by_pid[starts + rng.integers(counts)])
                yield int(_ranks(distances[drawn], np.flatnonzero(right[drawn]))[0])

    def _rows(self) -> Iterator[tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]]:
        """For each query that has an answer: distances, which gallery rows count, which are right (G,)."""
        for index, distances in enumerate(self.distmat):
            same = self.gallery_pids == self.query_pids[index]
            own_camera = self.gallery_camids == self.query_camids[index]
            right = same & ~own_camera
            if right.any():
                yield distances, ~(same & own_camera), right


def _ranks(distances: FloatArray, hits: IntArray) -> IntArray:
    """1-based ranks of the rows ``hits`` among ``distances`` (G,); equal distances rank in order of index."""
    of_hits = distances[hits][:, None]
    before = (distances < of_hits) | ((distances == of_hits) & (np.arange(len(distances)) < hits[:, None]))
    return np.asarray(before.sum(axis=1) + 1)


def _cmc(first_ranks: list[int], max_rank: int) -> NDArray[np.float64]:
    within = [rank for rank in first_ranks if rank <= max_rank]
    counts = np.bincount(np.array(within, np.int64) - 1, minlength=max_rank)
    return np.asarray(counts.cumsum() / len(first_ranks))


def _average_precision(ranks: IntArray, kind: AveragePrecision) -> float:
    """From the ascending ranks of all right answers: the i-th of them is found at precision i / rank."""
    found = np.arange(1, len(ranks) + 1)
    precision = found / ranks
    if kind == "non_interpolated":
        return float(precision.mean())
    if kind == "interpolated":
        return float(np.maximum.accumulate(precision[::-1]).mean())
    if kind == "trapezoidal":
        # The left side of each trapezium is the precision one rank before; before the first rank it is 1.
        left = np.where(ranks > 1, (found - 1) / np.maximum(ranks - 1, 1), 1.0)
        return float(((left + precision) / 2).mean())
    raise ValueError(f"average_precision: expected non_interpolated, trapezoidal or interpolated, got {kind!r}")


def _normalised(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1))
