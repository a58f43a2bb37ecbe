"""How well people are found again by other cameras: rank-1 and mAP of a running system, by its own answers.

A query is a sighting of somebody whom other cameras saw too; the gallery is all that they saw. Legend: Q queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.evaluation.stream_sightings import Seen
from sightline.ranking import precision_of


@dataclass(frozen=True, slots=True)
class CrossCameraScore:
    """What came of Q queries; both figures in [0, 1], NaN where there was no query.

    Attributes:
        queries: Q, each with somebody to be found.
        rank1: share whose best match is the same person.
        mean_ap: mean of :func:`average_precision`.
    """

    queries: int
    rank1: float
    mean_ap: float


def cross_camera_queries(sightings: Iterable[Seen], pids: Mapping[str, int], *, most: int) -> list[Seen]:
    """The best sighting of each person in each camera, of people whom another camera saw as well.

    Whoever asks points at a picture in which the person can be seen. Of equally good ones it is the newest.

    Args:
        sightings: those that may be found.
        pids: of :func:`~sightline.evaluation.stream_sightings.named`; sightings of nobody ask nothing.
        most: the newest ones, where there are more.
    """
    best: dict[tuple[int, str], Seen] = {}
    for one in sorted(sightings, key=lambda one: (one.quality, one.captured_at_us, one.sighting_id)):
        if one.sighting_id in pids:
            best[pids[one.sighting_id], one.camera] = one
    cameras = [pid for pid, _ in best]
    asked = [one for (pid, _), one in best.items() if cameras.count(pid) > 1]
    return sorted(asked, key=lambda one: (-one.captured_at_us, one.sighting_id))[:most]


def score_cross_camera(
    queries: Sequence[Seen],
    sightings: Sequence[Seen],
    pids: Mapping[str, int],
    ask: Callable[[Seen], Sequence[str]],
) -> CrossCameraScore:
    """Ask each query and score the answers.

    Args:
        queries: of :func:`cross_camera_queries`.
        sightings: all that may be found.
        pids: sighting id -> who it is; one that is not there is a sighting of nobody, a wrong answer.
        ask: ids of a query's matches in other cameras, best first; it may give fewer than all.
    """
    first: list[bool] = []
    precisions: list[float] = []
    for query in queries:
        pid = pids[query.sighting_id]
        relevant = sum(pids.get(one.sighting_id) == pid and one.camera != query.camera for one in sightings)
        right = np.array([pids.get(found) == pid for found in ask(query)], np.bool_)
        first.append(bool(right[:1].any()))
        precisions.append(average_precision(right, relevant))
    if not queries:
        return CrossCameraScore(0, float("nan"), float("nan"))
    return CrossCameraScore(len(queries), float(np.mean(first)), float(np.mean(precisions)))


def average_precision(right: NDArray[np.bool_], relevant: int) -> float:
    """Non-interpolated average precision of an answer that may be cut short; what is missing was not found.

    Args:
        right: (K,), the best match first.
        relevant: how many could have been found, at least one.
    """
    ranks = np.flatnonzero(right) + 1
    if not len(ranks):
        return 0.0
    # A sighting that came in between is found, though it was not counted among those that could be.
    return precision_of(ranks, "non_interpolated") * len(ranks) / max(relevant, len(ranks))
