"""Max pooling of windows of a feature map, each to the same small grid (Girshick, "Fast R-CNN", ICCV 2015, section 2.1).

Legend: N pictures, P windows of each, C channels, (H, W) cells of the map, (h, w) bins of a window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Windows:
    """Where to look in N pictures.

    Attributes:
        xyxy: (N, P, 4), corners in [0, 1] of the picture; parts outside it are ignored.
        visible: (N, P) bool: a window that is not gives zeros.
    """

    xyxy: Tensor
    visible: Tensor


def part_windows(keypoints: Tensor, joints: Sequence[int], window_wh: tuple[float, float]) -> Windows:
    """A window around each of some joints.

    Args:
        keypoints: (N, J, 3): x, y in [0, 1] of the picture, confidence; 0 = invisible.
        joints: which of the J, in the order of the windows (:func:`sightline.skeleton.indices`).
        window_wh: width and height of every window, as parts of the picture's.
    """
    chosen = keypoints[:, list(joints)].float()
    half = torch.tensor(window_wh, dtype=torch.float32, device=keypoints.device) / 2
    centres = chosen[..., :2]
    return Windows(torch.cat([centres - half, centres + half], dim=-1), chosen[..., 2] > 0)


def roi_max_pool(
    features: Tensor, windows: Windows, size_hw: tuple[int, int], *, largest_wh: tuple[float, float] = (1.0, 1.0)
) -> Tensor:
    """The maximum of each bin of each window: (N, C, H, W) -> (N, P, C, h, w). A bin outside the map is 0.

    By the definition of ``torchvision.ops.roi_pool``: corners are rounded to cells and both belong to the window. Learning goes
    through that operator; without gradients, and in an exported graph, :func:`gathered_maximum` gives the same.

    Args:
        features: the map.
        windows: P a picture.
        size_hw: h and w.
        largest_wh: no window is wider or higher than this, as parts of the picture's sides.
    """
    if features.requires_grad and torch.is_grad_enabled() and not torch.onnx.is_in_onnx_export():
        return _by_operator(features, windows, size_hw)
    return gathered_maximum(features, windows, size_hw, largest_wh=largest_wh)


def gathered_maximum(
    features: Tensor, windows: Windows, size_hw: tuple[int, int], *, largest_wh: tuple[float, float] = (1.0, 1.0)
) -> Tensor:
    """:func:`roi_max_pool` of standard operators only.

    Rows first, then columns: the k-th row of every bin is gathered and a running maximum kept, so memory holds two maps of
    P * h rows and never all cells of all bins. A bin with fewer rows than the largest sees its last again: that masks the rest.
    """
    count, parts = windows.visible.shape
    channels, height, width = (int(side) for side in features.shape[1:])
    across, down = _bins(windows.xyxy, (width, height), size_hw)
    cells = features.permute(0, 2, 3, 1).reshape(count * height, width * channels)
    rows = _reduced(cells, down.flatten(1, 2), height, _most_cells(largest_wh[1], height, size_hw[0]))
    cells = rows.reshape(count * parts * size_hw[0] * width, channels)
    # All rows of bins of a window have the same columns.
    columns = across.repeated(size_hw[0]).flatten(0, 1)
    grid = _reduced(cells, columns, width, _most_cells(largest_wh[0], width, size_hw[1]))
    grid = grid.reshape(count, parts, *size_hw, channels)
    seen = windows.visible[:, :, None, None] & down.some[:, :, :, None] & across.some[:, :, None, :]
    return torch.where(seen[..., None], grid, torch.zeros_like(grid)).permute(0, 1, 4, 2, 3)


@dataclass(frozen=True, slots=True)
class _Bins:
    """First cell and the cell after the last of each bin along one side, cut to the map; int64 of one shape."""

    start: Tensor
    end: Tensor

    @property
    def some(self) -> Tensor:
        return self.end > self.start

    def flatten(self, first: int, last: int) -> _Bins:
        return _Bins(self.start.flatten(first, last), self.end.flatten(first, last))

    def repeated(self, times: int) -> _Bins:
        """(N, P, b) -> (N, P * times, b)."""
        return _Bins(self.start.repeat_interleave(times, dim=1), self.end.repeat_interleave(times, dim=1))


def _bins(xyxy: Tensor, side_wh: tuple[int, int], size_hw: tuple[int, int]) -> tuple[_Bins, _Bins]:
    """The bins across (N, P, w) and down (N, P, h)."""
    across, down = (
        _bins_of_side(xyxy[..., axis] * side_wh[axis], xyxy[..., axis + 2] * side_wh[axis], side_wh[axis], size_hw[1 - axis])
        for axis in (0, 1)
    )
    return across, down


def _bins_of_side(start: Tensor, end: Tensor, side: int, bins: int) -> _Bins:
    first = _round_half_away(start)
    extent = (_round_half_away(end) - first + 1).clamp(min=1)
    step = (extent / bins).unsqueeze(-1)
    numbers = torch.arange(bins, dtype=step.dtype, device=step.device)
    lower = torch.floor(numbers * step) + first.unsqueeze(-1)
    upper = torch.ceil((numbers + 1) * step) + first.unsqueeze(-1)
    return _Bins(lower.clamp(0, side).long(), upper.clamp(0, side).long())


def _round_half_away(value: Tensor) -> Tensor:
    """As C rounds; torch and ONNX round a half to the even number."""
    return torch.sign(value) * torch.floor(value.abs() + 0.5)


def _most_cells(largest: float, side: int, bins: int) -> int:
    """How many cells a bin can have: rounding both corners adds one cell, counting both another."""
    return min(side, math.ceil((largest * side + 2) / bins) + 1)


def _reduced(table: Tensor, bins: _Bins, side: int, most: int) -> Tensor:
    """The maximum over the rows of each bin: (G * side, D), bins (G, B) of the ``side`` rows of each group -> (G * B, D)."""
    offsets = torch.arange(bins.start.shape[0], device=table.device)[:, None] * side
    start = (bins.start + offsets).reshape(-1)
    last = (bins.end.clamp(min=1) - 1 + offsets).reshape(-1)
    best = table[torch.minimum(start, last)]
    for step in range(1, most):
        best = torch.maximum(best, table[torch.minimum(start + step, last)])
    return best


def _by_operator(features: Tensor, windows: Windows, size_hw: tuple[int, int]) -> Tensor:
    from torchvision.ops import roi_pool  # slow to import, and every process that trains begins with this module

    count, parts = windows.visible.shape
    height, width = features.shape[-2:]
    scale = torch.tensor((width, height, width, height), dtype=torch.float32, device=features.device)
    owners = torch.arange(count, dtype=torch.float32, device=features.device).repeat_interleave(parts)
    boxes = torch.cat([owners[:, None], (windows.xyxy * scale).reshape(-1, 4)], dim=1)
    pooled: Tensor = roi_pool(features.float(), boxes, size_hw, 1.0)
    pooled = pooled.reshape(count, parts, *pooled.shape[1:]).to(features.dtype)
    return torch.where(windows.visible[..., None, None, None], pooled, torch.zeros_like(pooled))
