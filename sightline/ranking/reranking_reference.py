"""k-reciprocal re-ranking as its paper writes it down, on full matrices: what :mod:`sightline.ranking.reranking` must equal.

It holds several (Q + G, Q + G) matrices, so it is for tests and benchmarks. (Zhong et al., "Re-ranking Person
Re-identification with k-reciprocal Encoding", CVPR 2017.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.ranking.distances import pairwise_distance
from sightline.types import Float32Array


def rerank_plainly(
    query: Float32Array, gallery: Float32Array, *, k1: int = 20, k2: int = 6, lambda_value: float = 0.3
) -> Float32Array:
    """As :func:`sightline.ranking.reranking.rerank`, row by row; Q and G at least 1."""
    rows = np.concatenate([query, gallery]).astype(np.float32)
    squared = pairwise_distance(rows, rows, "squared_euclidean").astype(np.float32)
    np.fill_diagonal(squared, 0)
    ranked = np.argsort(squared, axis=1, kind="stable")
    furthest = squared.max(axis=1, keepdims=True)
    original = np.divide(squared, furthest, out=np.zeros_like(squared), where=furthest > 0)
    del squared

    encodings = np.zeros_like(original)
    for row in range(len(rows)):
        members = _expanded(ranked, row, k1)
        weights = np.exp(-original[row, members])
        encodings[row, members] = weights / weights.sum()
    if k2 > 1:  # local query expansion
        encodings = np.stack([encodings[near].mean(axis=0) for near in ranked[:, :k2]])
    del ranked

    having = [np.flatnonzero(column) for column in encodings.T]
    distances = np.empty((len(query), len(gallery)), np.float32)
    for row in range(len(query)):
        overlap = np.zeros(len(rows), np.float32)
        for dimension in np.flatnonzero(encodings[row]):
            others = having[dimension]
            overlap[others] += np.minimum(encodings[row, dimension], encodings[others, dimension])
        jaccard = 1 - overlap / (2 - overlap)  # each encoding sums to 1, so the sum of maxima is 2 - that of minima
        mixed = (1 - lambda_value) * jaccard + lambda_value * original[row]
        distances[row] = mixed[len(query) :]
    return distances


def _reciprocal(ranked: NDArray[np.int64], row: int, k: int) -> NDArray[np.int64]:
    """R(row, k), equation 2: its k nearest (and itself) that have it among theirs."""
    near = ranked[row, : k + 1]
    return np.asarray(near[(ranked[near, : k + 1] == row).any(axis=1)])


def _expanded(ranked: NDArray[np.int64], row: int, k1: int) -> NDArray[np.int64]:
    """R*(row, k1), equation 3: with those of its members, of half the k, that lie in it for more than two thirds."""
    core = _reciprocal(ranked, row, k1)
    members = [core]
    for candidate in core:
        near = _reciprocal(ranked, candidate, round(k1 / 2))
        if 3 * np.isin(near, core).sum() > 2 * len(near):
            members.append(near)
    return np.unique(np.concatenate(members))
