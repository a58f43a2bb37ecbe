"""Averaging a map onto a coarser grid, as matrix products: any sizes, exportable."""

from __future__ import annotations

import torch
from torch import Tensor


def area_resize(maps: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """(N, C, h, w) -> (N, C, *size_hw): each cell the mean of those that it overlaps, wholly or in part.

    It is ``adaptive_avg_pool2d``, which formats for exchange know only where the sizes divide.
    """
    height, width = int(maps.shape[2]), int(maps.shape[3])
    rows = _means(height, size_hw[0]).to(maps)
    columns = _means(width, size_hw[1]).to(maps)
    return rows @ maps @ columns.transpose(0, 1)


def _means(before: int, after: int) -> Tensor:
    """(after, before): row i holds 1 / length from floor(i before / after) up to ceil((i + 1) before / after)."""
    matrix = torch.zeros(after, before)
    for row in range(after):
        start, end = row * before // after, -(-(row + 1) * before // after)
        matrix[row, start:end] = 1 / (end - start)
    return matrix
