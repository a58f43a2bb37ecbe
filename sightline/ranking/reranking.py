"""k-reciprocal re-ranking on sparse encodings: seconds and some hundred MiB where full matrices take minutes and 12 GiB.

Two people are alike if they have the same neighbours. Each row's k-reciprocal neighbours become a sparse vector, its
encoding; the Jaccard distance of the encodings is mixed with the original distance. (Zhong et al., "Re-ranking Person
Re-identification with k-reciprocal Encoding", CVPR 2017; equations are numbered as there.) The same on full matrices, as a
reference: :mod:`sightline.ranking.reranking_reference`. Figures: ``benchmarks/results/ranking.md``.

Legend: Q queries, G gallery rows, N = Q + G rows, queries first; D dimensions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sightline.ranking.distances import FloatArray, squared_lengths
from sightline.ranking.neighbours import DistanceBlock, NeighbourTable, distance_blocks
from sightline.types import Float32Array

_LONGEST = np.finfo(np.float32).max / 4
"""Of a squared length: the squared distance of two such vectors does not overflow."""


def rerank(query: FloatArray, gallery: FloatArray, *, k1: int = 20, k2: int = 6, lambda_value: float = 0.3) -> Float32Array:
    """Distances of every query to every gallery row, by the neighbours that they share.

    They depend on the whole gallery: leave junk out of it, and rows that the ranking may not use.

    Args:
        query: (Q, D) features; Q may be 0.
        gallery: (G, D) features; G may be 0.
        k1: how many nearest neighbours may be reciprocal ones.
        k2: over how many nearest neighbours an encoding is averaged; 1 = not at all.
        lambda_value: the weight of the original distance: the squared Euclidean one, divided by that of the query's
            furthest row.

    Returns:
        float32 (Q, G), in [0, 1] up to rounding; smaller is more alike. Equal distances rank in order of index.

    Raises:
        ValueError: the shapes do not fit, a value is not finite, or a parameter is out of its range.
    """
    _check(query, gallery, k1, k2, lambda_value)
    if not len(query) or not len(gallery):
        return np.zeros((len(query), len(gallery)), np.float32)
    rows = np.concatenate([query, gallery], dtype=np.float32, casting="same_kind")
    distances = np.empty((len(query), len(gallery)), np.float32)
    table = NeighbourTable(len(rows), min(max(k1 + 1, k2), len(rows)))
    for block in distance_blocks(rows):
        table.take(block)
        _keep(distances, block)
    encodings = _encode(rows, table, k1)
    if k2 > 1:
        encodings = _averaged(encodings, table.indices[:, :k2])
    distances *= np.float32(lambda_value) / _divisor(table.furthest[: len(query), None])
    _add_jaccard(distances, encodings, np.float32(1 - lambda_value))
    return distances


def _check(query: FloatArray, gallery: FloatArray, k1: int, k2: int, lambda_value: float) -> None:
    if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1]:
        raise ValueError(f"expected (Q, D) and (G, D), got {query.shape} and {gallery.shape}")
    if k1 < 1 or k2 < 1 or not 0 <= lambda_value <= 1:
        raise ValueError(f"expected k1 and k2 of at least 1 and lambda_value in [0, 1], got {k1}, {k2} and {lambda_value}")
    for name, vectors in (("query", query), ("gallery", gallery)):
        if not (squared_lengths(vectors.astype(np.float32, copy=False)) < _LONGEST).all():
            raise ValueError(f"{name}: expected finite features of a length below {np.sqrt(_LONGEST):.0e}")


def _keep(distances: Float32Array, block: DistanceBlock) -> None:
    """Copy what a block holds of queries against gallery rows. A block's first rows come before its second ones."""
    queries = len(distances)
    first, second = block.first, block.second
    if first.start < queries < second.stop:
        stop, start = min(first.stop, queries), max(second.start, queries)
        part = block.squared[: stop - first.start, start - second.start :]
        np.maximum(part, 0, out=distances[first.start : stop, start - queries : second.stop - queries])


def _divisor(furthest: Float32Array) -> Float32Array:
    """Where all rows are the same, the furthest is at 0 and every distance stays 0."""
    return np.where(furthest > 0, furthest, np.float32(1))


def _encode(rows: Float32Array, table: NeighbourTable, k1: int) -> csr_array:
    """float32 (N, N): exp(-distance) over a row's expanded k-reciprocal neighbours (equation 7), summing to 1."""
    indices = table.indices
    core, half = _reciprocal(indices[:, : k1 + 1]), _reciprocal(indices[:, : round(k1 / 2) + 1])
    # Equation 3: of the members j of R(i), those with |R(j, k1/2) ∩ R(i)| > 2/3 |R(j, k1/2)| bring theirs along.
    shared = csr_array(core.multiply(core @ half))  # half is symmetric
    sizes = np.diff(half.indptr)
    shared.data = (3 * shared.data > 2 * sizes[shared.indices]).astype(np.int32)
    expanded = csr_array(core + shared @ half)
    expanded.eliminate_zeros()
    expanded.sort_indices()
    of_row = np.repeat(np.arange(len(rows)), np.diff(expanded.indptr))
    weights = np.exp(-_distances_of(expanded, of_row, rows, table) / _divisor(table.furthest)[of_row])
    # A row may have no reciprocal neighbour, not even itself: where more than k1 equal ones have a lower index.
    weights /= np.bincount(of_row, weights, len(rows)).astype(np.float32)[of_row]
    return csr_array((weights, expanded.indices, expanded.indptr), shape=expanded.shape)


def _reciprocal(indices: NDArray[np.int32]) -> csr_array:
    """int32 (N, N) of ones where i and j are among each other's neighbours (equation 2), from (N, K) neighbours."""
    count, k = indices.shape
    ones = np.ones(count * k, np.int32)
    near = csr_array((ones, indices.ravel(), np.arange(0, count * k + 1, k)), shape=(count, count))
    return csr_array(near.multiply(near.T))


def _distances_of(pairs: csr_array, of_row: NDArray[np.int64], rows: Float32Array, table: NeighbourTable) -> Float32Array:
    """The squared distances of the stored pairs (i, j): from the table where it has them, else computed.

    ``of_row`` is the i of each pair, ascending; the j of a row ascend too.
    """
    known, squared = table.indices.astype(np.int64), table.squared
    order = np.argsort(known, axis=1)
    known = (np.take_along_axis(known, order, axis=1) + len(rows) * np.arange(len(rows))[:, None]).ravel()
    wanted = of_row * len(rows) + pairs.indices
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found = np.take_along_axis(squared, order, axis=1).ravel()[place]
    missing = np.flatnonzero(known[place] != wanted)
    found[missing] = _squared_distances(rows, of_row[missing], pairs.indices[missing])
    return np.asarray(found, np.float32)


def _squared_distances(rows: Float32Array, first: NDArray[np.int64], second: NDArray[np.int32]) -> Float32Array:
    """Of the rows ``first`` (P,), ascending, to the rows ``second`` (P,): float32 (P,)."""
    squared = np.empty(len(first), np.float32)
    starts = np.flatnonzero(np.diff(first, prepend=-1))
    for start, stop in zip(starts, np.append(starts[1:], len(first)), strict=False):
        differences = rows[second[start:stop]] - rows[first[start]]
        squared[start:stop] = squared_lengths(differences)
    return squared


def _averaged(encodings: csr_array, near: NDArray[np.int32]) -> csr_array:
    """Local query expansion: each row's mean over its nearest (equation 11). ``near`` is (N, k2)."""
    count, k2 = near.shape
    weights = np.full(count * k2, 1 / k2, np.float32)
    mean = csr_array((weights, near.ravel(), np.arange(0, count * k2 + 1, k2)), shape=(count, count))
    return csr_array(mean @ encodings)


def _add_jaccard(distances: Float32Array, encodings: csr_array, weight: np.float32) -> None:
    """Add ``weight`` times the Jaccard distance (equation 10) of the encodings to ``distances`` (Q, G), in place."""
    queries = len(distances)
    having = encodings[queries:].tocsc()
    counts = np.diff(having.indptr)
    for row in range(queries):
        part = slice(encodings.indptr[row], encodings.indptr[row + 1])
        dimensions, values = encodings.indices[part], encodings.data[part]
        # All gallery rows that have one of the query's dimensions, a stretch of ``having`` for each dimension.
        lengths = counts[dimensions]
        before = np.repeat(having.indptr[dimensions] - (lengths.cumsum() - lengths), lengths)
        places = before + np.arange(len(before))
        smaller = np.minimum(np.repeat(values, lengths), having.data[places])
        overlap = np.bincount(having.indices[places], smaller, distances.shape[1])
        distances[row] += weight * (1 - overlap / (2 - overlap))  # encodings sum to 1, so their maxima to 2 - their minima
