"""Pairwise distances of feature vectors.

Legend: Q queries, G gallery rows, D dimensions.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

Metric = Literal["euclidean", "squared_euclidean", "cosine"]


def pairwise_distance(query: FloatArray, gallery: FloatArray, metric: Metric = "euclidean") -> FloatArray:
    """Distances of every query to every gallery row: (Q, D), (G, D) -> (Q, G), of the inputs' float type.

    ``cosine`` is 1 - the cosine of the angle; a vector of zeros is at distance 1 from all.

    Raises:
        ValueError: the shapes do not fit, or the metric is unknown.
    """
    if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1]:
        raise ValueError(f"expected (Q, D) and (G, D), got {query.shape} and {gallery.shape}")
    if metric == "cosine":
        return np.asarray(1 - unit_length(query) @ unit_length(gallery).T)
    if metric not in ("euclidean", "squared_euclidean"):
        raise ValueError(f"metric: expected euclidean, squared_euclidean or cosine, got {metric!r}")
    # |q - g|² = |q|² + |g|² - 2 q·g: one matrix product instead of a (Q, G, D) array, and no second (Q, G) beside it.
    distances = np.asarray(query @ gallery.T)
    distances *= -2
    distances += squared_lengths(query)[:, None]
    distances += squared_lengths(gallery)
    np.maximum(distances, 0, out=distances)  # rounding can bring it below
    return distances if metric == "squared_euclidean" else np.sqrt(distances, out=distances)


def unit_length(vectors: FloatArray) -> FloatArray:
    """(N, D) divided by their L2 norms; vectors of zeros stay."""
    lengths = np.sqrt(squared_lengths(vectors))[:, None]
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1))


def squared_lengths(vectors: FloatArray) -> FloatArray:
    """Squared L2 norms: (N, D) -> (N,)."""
    return np.asarray(np.einsum("nd,nd->n", vectors, vectors))
