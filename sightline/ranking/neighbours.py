"""The nearest neighbours of every row among all rows, block by block: no (N, N) matrix is ever held.

Legend: N rows, D dimensions, K neighbours, A and B the rows of two blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.ranking.distances import squared_lengths
from sightline.types import Float32Array

BLOCK_ROWS = 2048
"""A block of distances takes 16 MiB: large enough for a quick matrix product, small enough for the cache."""

_STRIP_ROWS = 64
_SOME_ROWS = 256
_INDEX_BITS = np.uint64(32)
_NOBODY = (np.uint64(np.array(np.inf, np.float32).view(np.uint32)) << _INDEX_BITS) | np.uint64(2**32 - 1)


@dataclass(frozen=True, slots=True, eq=False)
class DistanceBlock:
    """Squared Euclidean distances of some rows to some others; the rows are those of ``first`` and ``second``.

    Attributes:
        first, second: which rows; on the diagonal the same, else ``first`` comes before.
        squared: float32 (A, B); what is next to 0 may be below it, by rounding. Valid until the next block is asked for.
    """

    first: slice
    second: slice
    squared: Float32Array

    @property
    def on_diagonal(self) -> bool:
        return self.first == self.second


def distance_blocks(rows: Float32Array, *, block_rows: int = BLOCK_ROWS) -> Iterator[DistanceBlock]:
    """Every pair of blocks of ``rows`` float32 (N, D) once; those on the diagonal come first.

    A row is at distance 0 from itself, whatever rounding says. Distances are symmetric, so half of them are computed.
    """
    lengths = squared_lengths(rows)
    parts = [slice(start, min(start + block_rows, len(rows))) for start in range(0, len(rows), block_rows)]
    buffer = np.empty(min(block_rows, len(rows)) ** 2, np.float32)
    for offset in range(len(parts)):
        for first, second in zip(parts, parts[offset:], strict=False):
            shape = first.stop - first.start, second.stop - second.start
            squared = buffer[: shape[0] * shape[1]].reshape(shape)
            np.matmul(rows[first], rows[second].T, out=squared)
            _to_squared_distances(squared, lengths[first], lengths[second])
            if offset == 0:
                np.fill_diagonal(squared, 0)
            yield DistanceBlock(first, second, squared)


def _to_squared_distances(products: Float32Array, first: Float32Array, second: Float32Array) -> None:
    """|x - y|² = |x|² + |y|² - 2 x·y, in place, a strip at a time: the three steps find it in the cache."""
    for start in range(0, len(products), _STRIP_ROWS):
        strip = products[start : start + _STRIP_ROWS]
        strip *= -2
        strip += first[start : start + _STRIP_ROWS, None]
        strip += second


class NeighbourTable:
    """The K nearest of N rows, kept up to date as blocks of distances come; equal distances rank in order of index.

    A neighbour is a uint64: the bits of its distance (which order as the distance does, as it is not negative) above its
    index. So one sort orders by distance, then index.
    """

    def __init__(self, count: int, k: int) -> None:
        """``count``: N; ``k``: K, at most N."""
        self._keys = np.full((count, k), _NOBODY)
        self._worst = np.full(count, np.inf, np.float32)
        self._furthest = np.zeros(count, np.float32)

    @property
    def indices(self) -> NDArray[np.int32]:
        """int32 (N, K): the neighbours, nearest first. A row is its own nearest but for equal ones of lower index."""
        return (self._keys & np.uint64(2**32 - 1)).astype(np.int32)

    @property
    def squared(self) -> Float32Array:
        """float32 (N, K): their squared distances."""
        return (self._keys >> _INDEX_BITS).astype(np.uint32).view(np.float32)

    @property
    def furthest(self) -> Float32Array:
        """float32 (N,): the squared distance of the row that is furthest away."""
        return self._furthest

    def take(self, block: DistanceBlock) -> None:
        """Let both sides of a block's pairs hear of each other."""
        squared = block.squared
        self._hear_furthest(block.first, squared.max(axis=1))
        if block.on_diagonal:
            self._bound(block.first, squared)
        near = np.flatnonzero(squared <= self._worst[block.first, None])
        rows, columns = np.divmod(near, squared.shape[1])
        self._merge(block.first, rows, block.second.start + columns, squared.ravel()[near])
        if not block.on_diagonal:
            self._hear_furthest(block.second, squared.max(axis=0))
            near = np.flatnonzero(squared <= self._worst[block.second])
            rows, columns = np.divmod(near, squared.shape[1])
            order = np.argsort(columns, kind="stable")
            self._merge(block.second, columns[order], block.first.start + rows[order], squared.ravel()[near[order]])

    def _hear_furthest(self, part: slice, squared: Float32Array) -> None:
        np.maximum(self._furthest[part], squared, out=self._furthest[part])

    def _bound(self, part: slice, squared: Float32Array) -> None:
        """Before the first merge: no neighbour is farther than the K-th nearest of some rows, so few need a look."""
        k = self._keys.shape[1]
        some = squared[:, : max(k, _SOME_ROWS)]
        if some.shape[1] >= k:
            self._worst[part] = np.partition(some, k - 1, axis=1)[:, k - 1]

    def _merge(self, part: slice, rows: NDArray[np.int64], indices: NDArray[np.int64], squared: Float32Array) -> None:
        """Put candidates to the neighbours of the rows of ``part``; ``rows`` are counted from its start, ascending."""
        if not len(rows):
            return
        count, k = part.stop - part.start, self._keys.shape[1]
        of_row = np.bincount(rows, minlength=count)
        place = np.arange(len(rows)) - (of_row.cumsum() - of_row)[rows]
        pool = np.full((count, k + of_row.max()), _NOBODY)
        pool[:, :k] = self._keys[part]
        bits = np.maximum(squared, 0).view(np.uint32).astype(np.uint64)
        pool[rows, k + place] = (bits << _INDEX_BITS) | indices.astype(np.uint64)
        pool.sort(axis=1)
        self._keys[part] = pool[:, :k]
        self._worst[part] = (pool[:, k - 1] >> _INDEX_BITS).astype(np.uint32).view(np.float32)
