"""How good dense coordinates are: parts by their overlap, u and v by their error.

Legend: N crops, h x w cells of the maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.body_model.parts import PARTS
from sightline.types import DenseCoordinates


@dataclass(frozen=True, slots=True)
class DenseFigures:
    """Over all cells of all crops at once.

    Attributes:
        part_iou: intersection over union, the mean over the parts that are there, truly or as predicted; of the 24.
        background_iou: of the cells that show no body.
        person_iou: of those that show one, whatever the part.
        u_error, v_error: mean absolute difference where the part is right; not-a-number where it nowhere is.
        crops: N.
    """

    part_iou: float
    background_iou: float
    person_iou: float
    u_error: float
    v_error: float
    crops: int


def dense_figures(wanted: DenseCoordinates, got: DenseCoordinates) -> DenseFigures:
    """The figures of ``got`` against the truth.

    Raises:
        ValueError: the maps are of different shapes.
    """
    if wanted.part.shape != got.part.shape:
        raise ValueError(f"expected maps {wanted.part.shape}, got {got.part.shape}")
    counts = _confusion(wanted.part, got.part)
    overlap = _iou(counts)
    person = np.array([[counts[0, 0], counts[0, 1:].sum()], [counts[1:, 0].sum(), counts[1:, 1:].sum()]])
    right = (wanted.part == got.part) & (wanted.part > 0)
    return DenseFigures(
        _mean(overlap[1:][~np.isnan(overlap[1:])]),
        float(overlap[0]),
        float(_iou(person)[1]),
        _mean(np.abs(wanted.u - got.u)[right]),
        _mean(np.abs(wanted.v - got.v)[right]),
        len(wanted),
    )


def _confusion(wanted: NDArray[np.uint8], got: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many cells truly of a row's part were given a column's."""
    size = len(PARTS)
    pairs = wanted.astype(np.int64).ravel() * size + got.ravel()
    return np.bincount(pairs, minlength=size * size).reshape(size, size)


def _iou(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each class; not-a-number where it is neither there nor predicted."""
    both = np.diag(counts)
    either = counts.sum(axis=0) + counts.sum(axis=1) - both
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)


def _mean(values: NDArray[np.floating]) -> float:
    return float(values.mean()) if len(values) else float("nan")
