"""How well distances rank a gallery: CMC and mAP, in the protocols of person re-identification.

The same without its short cuts, as a reference: :mod:`sightline.ranking.scoring_reference`.

Legend: Q queries, G gallery rows, R ranks. A pid is an identity, a camid a camera. ``distmat`` is (Q, G): smaller is more
alike.

Gallery rows of pid -1 are junk (bad boxes) and dropped first; pid 0 is a distractor and kept. For each query, gallery rows
of the same pid *and* camid are dropped: to find a person in the camera that asks is no merit. A query whose pid is in no
other camera has no answer and does not count. (Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sightline.ranking.answer_key import AnswerKey, IntArray
from sightline.ranking.average_precision import AveragePrecision, precision_of
from sightline.ranking.distances import FloatArray

Protocol = Literal["market1501", "cuhk03"]


@dataclass(frozen=True, slots=True, eq=False)
class RankingResult:
    """How well a gallery was ranked.

    Attributes:
        cmc: float64 (R,): the part of the queries with a right answer among the first 1, 2, … R.
        mean_ap: mean average precision over the queries.
        queries: how many counted.
        counted: int64 (queries,): which queries of ``distmat`` those are, ascending.
        average_precisions: float64 (queries,): of each of them.
        hit_ranks: for each of them the ranks of all its right answers in the whole gallery, ascending, from 1.
    """

    cmc: NDArray[np.float64]
    mean_ap: float
    queries: int
    counted: NDArray[np.int64]
    average_precisions: NDArray[np.float64]
    hit_ranks: tuple[NDArray[np.int64], ...]


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
    if distmat.size and np.isnan(distmat.min()):
        raise ValueError("distmat: expected numbers, got NaN")
    if max_rank < 1:
        raise ValueError(f"max_rank: expected at least 1, got {max_rank}")
    key = AnswerKey(gallery_pids, gallery_camids)
    asked = list(key.answers(query_pids, query_camids))
    if not asked:
        raise ValueError("no query's pid is in the gallery of another camera: nothing to evaluate")
    found = tuple(key.hit_ranks(answers, distmat[answers.query]) for answers in asked)
    if protocol == "market1501":
        first_ranks = [int(ranks[0]) for ranks in found]
    elif protocol == "cuhk03":
        if rng is None or repeats < 1:
            raise ValueError("cuhk03 draws its gallery at random: pass rng=numpy.random.default_rng(seed) and repeats >= 1")
        draws = [key.single_shot_ranks(answers, distmat[answers.query], rng=rng, repeats=repeats) for answers in asked]
        first_ranks = [rank for ranks in draws for rank in ranks]
    else:
        raise ValueError(f"protocol: expected market1501 or cuhk03, got {protocol!r}")
    precisions = np.array([precision_of(ranks, average_precision) for ranks in found])
    counted = np.array([answers.query for answers in asked], np.int64)
    return RankingResult(_cmc(first_ranks, max_rank), float(precisions.mean()), len(asked), counted, precisions, found)


def _cmc(first_ranks: list[int], max_rank: int) -> NDArray[np.float64]:
    within = [rank for rank in first_ranks if rank <= max_rank]
    counts = np.bincount(np.array(within, np.int64) - 1, minlength=max_rank)
    return np.asarray(counts.cumsum() / len(first_ranks))
