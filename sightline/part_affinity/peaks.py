"""Where the joints of any number of people are: the peaks of a confidence map.

Positions are cells: the middle of cell (row, column) is at x = column, y = row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.types import Float32Array

_LEAST = 1e-6
"""Of a value, for its logarithm."""


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """The K candidates of one joint.

    Attributes:
        xy: float32 (K, 2), cells, finer than a cell.
        scores: float32 (K,): the map's value there.
    """

    xy: Float32Array
    scores: Float32Array

    def __len__(self) -> int:
        return len(self.scores)


def find_peaks(map_: Float32Array, *, threshold: float) -> Peaks:
    """Cells that no neighbour exceeds, of two equal neighbours the first; best first.

    A joint's map is a bell, whose logarithm is a parabola: its top is where the parabola through a peak and its two neighbours,
    across and down, has its own.

    Args:
        map_: float32 (h, w).
        threshold: lower peaks are noise.
    """
    padded = np.pad(map_, 1, constant_values=-np.inf)
    height, width = map_.shape
    peak = map_ > threshold
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            if (down, across) == (0, 0):
                continue
            neighbour = padded[1 + down : 1 + down + height, 1 + across : 1 + across + width]
            is_before = (down, across) < (0, 0)
            peak &= map_ > neighbour if is_before else map_ >= neighbour
    rows, columns = np.nonzero(peak)
    order = np.argsort(-map_[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    logs = np.log(np.maximum(np.pad(map_, 1, constant_values=0), _LEAST))
    middle = logs[rows + 1, columns + 1]
    x = columns + _top(logs[rows + 1, columns], middle, logs[rows + 1, columns + 2])
    y = rows + _top(logs[rows, columns + 1], middle, logs[rows + 2, columns + 1])
    return Peaks(np.stack([x, y], axis=1).astype(np.float32), map_[rows, columns].astype(np.float32))


def _top(before: Float32Array, middle: Float32Array, after: Float32Array) -> Float32Array:
    """Where the parabola through three neighbours has its top, from the middle one, cells; at most half of one away."""
    bend = before - 2 * middle + after
    offset = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    clipped: Float32Array = np.clip(offset, -0.5, 0.5)
    return clipped
