"""How well boxes fit, with a gradient for those that miss.

Rezatofighi et al., "Generalized Intersection over Union" (CVPR 2019), algorithm 1: GIoU = IoU - (C - U) / C, with U the area
of the union, and C that of the smallest box around both. In (-1, 1], 1 where the boxes are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

_SMALLEST_AREA = 1e-6


def generalised_iou(first: Tensor, second: Tensor) -> Tensor:
    """GIoU of boxes xyxy (..., 4), one by one -> (...)."""
    overlap, union = _overlap_and_union(first, second)
    low, high = torch.minimum(first[..., :2], second[..., :2]), torch.maximum(first[..., 2:], second[..., 2:])
    around = (high - low).prod(dim=-1).clamp(min=_SMALLEST_AREA)
    return overlap / union - (around - union) / around


def iou(first: Tensor, second: Tensor) -> Tensor:
    """IoU of boxes xyxy (..., 4), broadcast against each other -> (...); 0 where both have no area."""
    overlap, union = _overlap_and_union(first, second)
    return overlap / union


def _overlap_and_union(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    sides = torch.minimum(first[..., 2:], second[..., 2:]) - torch.maximum(first[..., :2], second[..., :2])
    overlap = sides.clamp(min=0).prod(dim=-1)
    union = _area(first) + _area(second) - overlap
    return overlap, union.clamp(min=_SMALLEST_AREA)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)
