"""From embedded pictures to CMC and mAP, plain and re-ranked.

Legend: Q queries, G gallery pictures, D dimensions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ConfigurationError
from sightline.evaluation.embedded import EmbeddedPictures
from sightline.evaluation.market_layout import LabelledFolder, LabelledPicture, labels
from sightline.ranking import (
    JUNK_PID,
    VARIANTS,
    Metric,
    Pooling,
    Protocol,
    RankingResult,
    evaluate_ranking,
    pairwise_distance,
    pool_queries,
    precision_of,
    rerank,
)
from sightline.ranking.distances import unit_length
from sightline.types import Float32Array


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """How to rank.

    Attributes:
        metric: of the plain ranking; features are at length 1, so all three give the same order.
        protocol: ``market1501``, or ``cuhk03``: single-shot.
        max_rank: length of the CMC.
        multi_query: pool the pictures of each query's person and camera into one query; None = each picture asks alone.
        query_cameras, gallery_cameras: only pictures of these; empty = of all.
        rerank: rank by k-reciprocal re-ranking too.
        seed: of the single-shot galleries.
    """

    metric: Metric = "euclidean"
    protocol: Protocol = "market1501"
    max_rank: int = 50
    multi_query: Pooling | None = None
    query_cameras: tuple[int, ...] = ()
    gallery_cameras: tuple[int, ...] = ()
    rerank: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Queries or gallery: N pictures with their features. A multi-query is shown by its first picture.

    Attributes:
        pictures: N.
        features: float32 (N, D), at length 1.
        pids, camids: (N,).
    """

    pictures: tuple[LabelledPicture, ...]
    features: Float32Array
    pids: NDArray[np.integer]
    camids: NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """One way of ranking the gallery: float32 ``distances`` (Q, G), and how well it did."""

    distances: Float32Array
    result: RankingResult
    seconds: float

    def mean_ap(self) -> dict[str, float]:
        """mAP by the name of its variant."""
        ranks = self.result.hit_ranks
        return {kind: float(np.mean([precision_of(of_query, kind) for of_query in ranks])) for kind in VARIANTS}


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What was ranked, and how well. The gallery is without junk."""

    options: EvaluationOptions
    queries: Side
    gallery: Side
    junk: int
    plain: Ranking
    reranked: Ranking | None

    @property
    def best(self) -> Ranking:
        """The ranking that was asked for: re-ranked, if it was."""
        return self.reranked or self.plain


def evaluate(
    folder: LabelledFolder,
    embedded: EmbeddedPictures,
    options: EvaluationOptions,
    *,
    monotonic: Callable[[], float] = time.monotonic,
) -> Evaluation:
    """Rank the gallery for every query.

    Args:
        folder: the pictures.
        embedded: their features; pictures that are not among them do not count.
        options: how.
        monotonic: seconds.

    Raises:
        ConfigurationError: no picture is left, or no query can be answered.
    """
    everything = _side(embedded, folder.gallery)
    gallery = _chosen(everything, everything.pids != JUNK_PID, options.gallery_cameras, "gallery")
    queries = _side(embedded, folder.query)
    queries = _chosen(queries, np.ones(len(queries.pids), np.bool_), options.query_cameras, "query")
    if options.multi_query:
        queries = _pooled(queries, _side(embedded, folder.multi_query or folder.gallery), options.multi_query)

    def ranked(distances_of: Callable[[], Float32Array]) -> Ranking:
        started = monotonic()
        distances = distances_of()
        result = _evaluate(distances, queries, gallery, options)
        return Ranking(distances, result, monotonic() - started)

    plain = ranked(lambda: _plain_distances(queries, gallery, options.metric))
    reranked = ranked(lambda: rerank(queries.features, gallery.features)) if options.rerank else None
    return Evaluation(options, queries, gallery, int((everything.pids == JUNK_PID).sum()), plain, reranked)


def _side(embedded: EmbeddedPictures, pictures: Sequence[LabelledPicture]) -> Side:
    present, features = embedded.of(pictures)
    return Side(present, features, *labels(present))


def _kept(side: Side, keep: NDArray[np.bool_]) -> Side:
    pictures = tuple(picture for picture, is_kept in zip(side.pictures, keep, strict=True) if is_kept)
    return Side(pictures, side.features[keep], side.pids[keep], side.camids[keep])


def _chosen(side: Side, keep: NDArray[np.bool_], cameras: tuple[int, ...], what: str) -> Side:
    chosen = _kept(side, keep & np.isin(side.camids, cameras) if cameras else keep)
    if not len(chosen.pictures):
        there = ", ".join(str(camid) for camid in np.unique(side.camids[keep])) or "none"
        asked = f" of camera {', '.join(map(str, cameras))}" if cameras else ""
        raise ConfigurationError(f"there is no {what} picture{asked} to rank (cameras with pictures: {there})")
    return chosen


def _pooled(queries: Side, more: Side, by: Pooling) -> Side:
    """The queries' pictures and ``more`` of the same people and cameras, one query for each person and camera."""
    asked = set(zip(queries.pids.tolist(), queries.camids.tolist(), strict=True))
    same = [pair in asked for pair in zip(more.pids.tolist(), more.camids.tolist(), strict=True)]
    known = {picture.name for picture in queries.pictures}
    new = np.array([picture.name not in known for picture in more.pictures], np.bool_)  # gt_bbox holds the queries too
    more = _kept(more, np.array(same, np.bool_) & new)
    pids, camids = np.concatenate([queries.pids, more.pids]), np.concatenate([queries.camids, more.camids])
    pooled = pool_queries(np.concatenate([queries.features, more.features]), pids, camids, by=by)
    first: dict[tuple[int, int], LabelledPicture] = {}
    for picture in queries.pictures:
        first.setdefault((picture.pid, picture.camid), picture)
    pictures = tuple(first[int(pid), int(camid)] for pid, camid in zip(pooled.pids, pooled.camids, strict=True))
    return Side(pictures, np.asarray(unit_length(pooled.features), np.float32), pooled.pids, pooled.camids)


def _plain_distances(queries: Side, gallery: Side, metric: Metric) -> Float32Array:
    return np.asarray(pairwise_distance(queries.features, gallery.features, metric), np.float32)


def _evaluate(distances: Float32Array, queries: Side, gallery: Side, options: EvaluationOptions) -> RankingResult:
    try:
        return evaluate_ranking(
            distances,
            queries.pids,
            gallery.pids,
            queries.camids,
            gallery.camids,
            max_rank=options.max_rank,
            protocol=options.protocol,
            rng=np.random.default_rng(options.seed),
        )
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
