"""Multi-query: several pictures of a person from one camera ask as one.

Legend: P pictures, D dimensions, Q queries: as many as there are pairs of pid and camid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sightline.ranking.distances import FloatArray

Pooling = Literal["average", "max"]


@dataclass(frozen=True, slots=True, eq=False)
class PooledQueries:
    """Queries in order of pid, then camid.

    Attributes:
        features: (Q, D), of the pictures' float type.
        pids, camids: (Q,).
        counts: int64 (Q,): pictures pooled into each.
    """

    features: FloatArray
    pids: NDArray[np.integer]
    camids: NDArray[np.integer]
    counts: NDArray[np.int64]


def pool_queries(
    features: FloatArray, pids: NDArray[np.integer], camids: NDArray[np.integer], *, by: Pooling = "average"
) -> PooledQueries:
    """One query for each person and camera: the average or the element-wise largest of its pictures' features.

    What comes out is not at length 1, even if what went in is. (Zheng et al., "Scalable Person Re-identification: A
    Benchmark", ICCV 2015, section 5.)

    Args:
        features: (P, D); P may be 0.
        pids, camids: (P,).
        by: how to pool.

    Raises:
        ValueError: the shapes do not fit, or there is no such way to pool.
    """
    if features.ndim != 2 or not pids.shape == camids.shape == features.shape[:1]:
        raise ValueError(f"expected (P, D), (P,) and (P,), got {features.shape}, {pids.shape} and {camids.shape}")
    if by not in ("average", "max"):
        raise ValueError(f"by: expected average or max, got {by!r}")
    order = np.lexsort((camids, pids))
    features, pids, camids = features[order], pids[order], camids[order]
    starts = np.flatnonzero((np.diff(pids, prepend=0) != 0) | (np.diff(camids, prepend=0) != 0) | (np.arange(len(pids)) == 0))
    counts = np.diff(starts, append=len(pids))
    if not len(starts):
        return PooledQueries(features, pids, camids, counts)
    pooled = np.maximum.reduceat(features, starts) if by == "max" else np.add.reduceat(features, starts)
    if by == "average":
        pooled /= counts[:, None].astype(features.dtype)
    return PooledQueries(pooled, pids[starts], camids[starts], counts)
