"""True maps from key points: what a pose net learns, and what stands in for its maps where no net is trained yet.

Legend: N people, J = 19 canonical joints, U confidence maps, V affinity fields, h x w cells. The centre of cell (row, column)
is at ((column + 0.5) / w, (row + 0.5) / h) of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sightline.skeleton import indices
from training.nets.openpose.map_spec import MapSpec

_SHORTEST = 1e-6
"""Cells; a limb below it has no direction."""


@dataclass(frozen=True, slots=True)
class PoseMaps:
    """Both streams.

    Attributes:
        confidence: float32 (N, U, h, w): where each joint is.
        affinity: float32 (N, V, h, w): x and y of the unit vector along each limb.
    """

    confidence: Tensor
    affinity: Tensor


def draw_maps(keypoints: Tensor, spec: MapSpec, size_hw: tuple[int, int]) -> PoseMaps:
    """Equations 6 to 9 of OpenPose, for one person a picture.

    A confidence map is exp(-|p - x|^2 / spread^2); a field is the limb's unit vector on the cells at most ``limb_width`` from
    its axis, between its ends. A joint of confidence 0, and a limb with such an end, draws nothing.

    Args:
        keypoints: (N, J, 3): x, y in [0, 1] of the picture, confidence.
        spec: which maps.
        size_hw: h, w.
    """
    points = keypoints[..., :2] * keypoints.new_tensor((size_hw[1], size_hw[0])) - 0.5
    known = keypoints[..., 2] > 0
    cells = _cells(size_hw, keypoints)
    joints = list(indices(spec.joints))
    confidence = _bells(cells, points[:, joints], spec.spread) * known[:, joints, None, None]
    if spec.background:
        confidence = torch.cat([confidence, 1 - confidence.amax(dim=1, keepdim=True)], dim=1)
    starts, ends = _limb_ends(spec)
    on_limb, unit = _limbs(cells, points[:, starts], points[:, ends], spec.limb_width)
    on_limb = on_limb & (known[:, starts] & known[:, ends])[:, :, None, None]
    along_x, along_y = (on_limb * unit[:, :, axis, None, None] for axis in (0, 1))
    # Gathered rather than reshaped: exporters would lose track of how many channels there are.
    in_turn = [axis * len(starts) + limb for limb in range(len(starts)) for axis in (0, 1)]
    return PoseMaps(confidence, torch.cat([along_x, along_y], dim=1)[:, in_turn])


def annotated(keypoints: Tensor, spec: MapSpec) -> PoseMaps:
    """W of LRDNN's equations 3 and 4: 1 for a map that the annotation decides, 0 for one that it does not.

    A crop shows one person, so W is one number a map, not one a cell: (N, U, 1, 1) and (N, V, 1, 1). A joint of confidence 0 is
    unknown, so are the limbs that it ends; the background is known where every joint is.
    """
    known = keypoints[..., 2] > 0
    joints = known[:, list(indices(spec.joints))]
    if spec.background:
        joints = torch.cat([joints, joints.all(dim=1, keepdim=True)], dim=1)
    starts, ends = _limb_ends(spec)
    limbs = (known[:, starts] & known[:, ends]).repeat_interleave(2, dim=1)
    return PoseMaps(joints[:, :, None, None].to(keypoints.dtype), limbs[:, :, None, None].to(keypoints.dtype))


class DrawnMaps(nn.Module):
    """Key points (N, J, 3) of pictures of ``image_hw`` pixels -> their maps, at the stride of a pose net."""

    def __init__(self, spec: MapSpec, *, stride: int = 8) -> None:
        super().__init__()
        self.spec = spec
        self._stride = stride

    def forward(self, keypoints: Tensor, image_hw: tuple[int, int]) -> PoseMaps:
        return draw_maps(keypoints, self.spec, (image_hw[0] // self._stride, image_hw[1] // self._stride))


def _limb_ends(spec: MapSpec) -> tuple[list[int], list[int]]:
    starts, ends = zip(*spec.drawn_limbs, strict=True)
    return list(indices(starts)), list(indices(ends))


def _cells(size_hw: tuple[int, int], like: Tensor) -> Tensor:
    """x and y of every cell, (h, w, 2)."""
    rows = torch.arange(size_hw[0], device=like.device, dtype=like.dtype)
    columns = torch.arange(size_hw[1], device=like.device, dtype=like.dtype)
    return torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)


def _bells(cells: Tensor, centres: Tensor, spread: float) -> Tensor:
    """(h, w, 2), (N, K, 2) -> (N, K, h, w)."""
    squared = (cells - centres[:, :, None, None]).square().sum(-1)
    return torch.exp(-squared / spread**2)


def _limbs(cells: Tensor, starts: Tensor, ends: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """Which cells lie on which limb, and where limbs point to: (h, w, 2), (N, L, 2), (N, L, 2) -> (N, L, h, w), (N, L, 2)."""
    along = ends - starts
    length = along.square().sum(-1).sqrt()
    unit = along / length.clamp(min=_SHORTEST)[..., None]
    offset = cells - starts[:, :, None, None]
    forward = (offset * unit[:, :, None, None]).sum(-1)
    aside = offset[..., 0] * unit[..., 1, None, None] - offset[..., 1] * unit[..., 0, None, None]
    return (forward >= 0) & (forward <= length[..., None, None]) & (aside.abs() <= width), unit
