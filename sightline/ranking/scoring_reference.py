"""CMC and mAP as their protocol writes them down, row by row: what :mod:`sightline.ranking` must equal.

It sorts the whole gallery for every query, so it is for tests and benchmarks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.ranking.answer_key import JUNK_PID, IntArray
from sightline.ranking.distances import FloatArray


def evaluate_plainly(
    distmat: FloatArray,
    query_pids: IntArray,
    gallery_pids: IntArray,
    query_camids: IntArray,
    gallery_camids: IntArray,
    *,
    max_rank: int = 50,
) -> tuple[NDArray[np.float64], float]:
    """``cmc`` (R,) and ``mean_ap`` (not interpolated) of the Market-1501 protocol; see :func:`sightline.evaluate_ranking`.

    Raises:
        ValueError: no query has an answer.
    """
    ranked = np.argsort(distmat, axis=1, kind="stable")
    right = gallery_pids[ranked] == query_pids[:, None]
    counts = (gallery_pids[ranked] != JUNK_PID) & ~(right & (gallery_camids[ranked] == query_camids[:, None]))
    curves, precisions = [], []
    for is_right, is_counted in zip(right, counts, strict=True):
        hits = is_right[is_counted]
        if not hits.any():
            continue
        found = hits.cumsum()
        curve = found[:max_rank] > 0
        curves.append(np.pad(curve, (0, max_rank - len(curve)), mode="edge"))
        precisions.append((found / np.arange(1, len(hits) + 1))[hits].mean())
    if not curves:
        raise ValueError("no query's pid is in the gallery of another camera: nothing to evaluate")
    return np.mean(curves, axis=0), float(np.mean(precisions))
