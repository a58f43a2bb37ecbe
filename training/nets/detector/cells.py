"""Where the cells of the levels are, and what boxes their distances mean.

Legend: N pictures, A cells of all levels together (the finest first, row by row), B people. Boxes are xyxy in pixels of the
input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of all levels.

    Attributes:
        centres: float32 (A, 2): x and y, pixels.
        strides: float32 (A,): pixels by cells of the level.
    """

    centres: Tensor
    strides: Tensor

    def __len__(self) -> int:
        return len(self.strides)


def cells_of(maps: Sequence[Tensor], strides: Sequence[int]) -> Cells:
    """The cells of maps (N, C, h, w), one a level."""
    centres, sizes = [], []
    for level, stride in zip(maps, strides, strict=True):
        height, width = map(int, level.shape[2:])  # plain numbers, so that they are constants in a traced graph
        y, x = (torch.arange(count, device=level.device, dtype=torch.float32) for count in (height, width))
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).reshape(-1, 2)
        centres.append((grid + 0.5) * stride)
        sizes.append(torch.full((height * width,), float(stride), device=level.device))
    return Cells(torch.cat(centres), torch.cat(sizes))


def in_rows(maps: Sequence[Tensor]) -> Tensor:
    """Maps (N, C, h, w), one a level -> a row for each cell (N, A, C)."""
    return torch.cat([level.flatten(2).transpose(1, 2) for level in maps], dim=1)


def boxes_around(centres: Tensor, distances: Tensor) -> Tensor:
    """Distances left, top, right, bottom (N, A, 4) from centres (A, 2) -> boxes (N, A, 4)."""
    return torch.cat([centres - distances[..., :2], centres + distances[..., 2:]], dim=-1)
