"""Dense coordinates brought to another size: parts stay whole parts, u and v run on smoothly within each.

Legend: (H, W, 3) uint8: part 0 to 24, u and v as parts of 255.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.types import UInt8Array


def resized_iuv(iuv: UInt8Array, size_hw: tuple[int, int]) -> UInt8Array:
    """Coordinates at a size.

    The part is the nearest pixel's: a mean of two parts would be a third. Where the picture grows, u and v are those between
    the neighbours of the same part, so that the pixels of a part fill its part image and do not fall into one cell by twos
    and fours.
    """
    nearest = np.asarray(cv2.resize(iuv, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
    if size_hw[0] <= iuv.shape[0] and size_hw[1] <= iuv.shape[1]:
        return nearest
    part = nearest[..., 0]
    y, x = np.nonzero(part)
    smooth = np.zeros((len(y), 2), np.float32)
    weights = np.zeros(len(y), np.float32)
    for rows, row_weights in _neighbours(size_hw[0], iuv.shape[0]):
        for columns, column_weights in _neighbours(size_hw[1], iuv.shape[1]):
            corner = iuv[rows[y], columns[x]]
            weight = row_weights[y] * column_weights[x] * (corner[:, 0] == part[y, x])
            smooth += weight[:, None] * corner[:, 1:]
            weights += weight
    # The nearest pixel is one of the four and of its own part: no weight is 0.
    out = np.zeros((*size_hw, 3), np.uint8)
    out[..., 0] = part
    out[y, x, 1:] = (smooth / weights[:, None]).round().astype(np.uint8)
    return out


def _neighbours(target: int, source: int) -> list[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """The pixels before and after each of ``target`` pixels' centres, and how much each counts: bilinear."""
    centres = (np.arange(target) + 0.5) * (source / target) - 0.5
    before = np.floor(centres).astype(np.intp)
    part = (centres - before).astype(np.float32)
    ends = (np.clip(before, 0, source - 1), np.clip(before + 1, 0, source - 1))
    return [(ends[0], 1 - part), (ends[1], part)]
