"""A PoseBox: the parts of a body, each brought by an affine map into its own place of an upright picture (PIE, DJL's Table 3).

DJL's text says of it that it is made at image level by affine transformations of body parts, like a pictorial structure, and
that it is well aligned. Left open are the parts and their places and widths. Here: torso, upper and lower arms, upper and
lower legs, all that hangs on the joints of DJL's own ten parts and the wrists; the torso in the middle above, arms beside it,
legs below.

Legend: N pictures of (H, W) pixels, J joints of the canonical skeleton.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sightline.skeleton import indices


@dataclass(frozen=True, slots=True)
class Limb:
    """A part between two ends, each the middle of some joints; ``width`` is a part of the distance between them."""

    above: tuple[str, ...]
    below: tuple[str, ...]
    width: float

    @property
    def joints(self) -> tuple[str, ...]:
        """Of both ends."""
        return (*self.above, *self.below)


TORSO = Limb(("right_shoulder", "left_shoulder"), ("right_hip", "left_hip"), 0.9)
_TORSO_HW = (0.45, 0.5)
"""Height and width of the torso's place, as parts of the picture's; arms share what is beside it, legs what is below."""


def _limb(side: str, above: str, below: str) -> Limb:
    return Limb((f"{side}_{above}",), (f"{side}_{below}",), 0.5)


def arm(side: str) -> tuple[Limb, Limb]:
    """Upper and lower."""
    return _limb(side, "shoulder", "elbow"), _limb(side, "elbow", "wrist")


def leg(side: str) -> tuple[Limb, Limb]:
    """Upper and lower."""
    return _limb(side, "hip", "knee"), _limb(side, "knee", "ankle")


JOINTS_USED: tuple[str, ...] = tuple(
    dict.fromkeys(joint for side in ("right", "left") for limb in (*arm(side), *leg(side)) for joint in limb.joints)
)
"""The twelve joints that a PoseBox is made of."""


def pose_box(images: Tensor, keypoints: Tensor) -> Tensor:
    """The PoseBoxes of N pictures, of the pictures' size; a part of which a joint is invisible is 0.

    Args:
        images: float (N, C, H, W), of mean 0.
        keypoints: (N, J, 3): x, y in [0, 1] of the picture, confidence; 0 = invisible.
    """
    height, width = (int(side) for side in images.shape[2:])
    torso_h, torso_w = round(height * _TORSO_HW[0]), round(width * _TORSO_HW[1])
    right_w, legs_h = (width - torso_w) // 2, height - torso_h

    def column(limbs: Sequence[Limb], column_h: int, column_w: int) -> Tensor:
        heights = (column_h // 2, column_h - column_h // 2)
        return torch.cat([_warped(images, keypoints, limb, (h, column_w)) for limb, h in zip(limbs, heights, strict=True)], 2)

    above = [
        column(arm("right"), torso_h, right_w),
        _warped(images, keypoints, TORSO, (torso_h, torso_w)),
        column(arm("left"), torso_h, width - torso_w - right_w),
    ]
    below = [column(leg("right"), legs_h, width // 2), column(leg("left"), legs_h, width - width // 2)]
    return torch.cat([torch.cat(above, 3), torch.cat(below, 3)], 2)


def _warped(images: Tensor, keypoints: Tensor, limb: Limb, size_hw: tuple[int, int]) -> Tensor:
    """One part, upright: (N, C, h, w)."""
    aspect = images.shape[3] / images.shape[2]
    points = keypoints[:, list(indices(limb.joints)), :].to(images.dtype)
    visible = (points[..., 2] > 0).all(1)
    top, bottom = points[:, : len(limb.above), :2].mean(1), points[:, len(limb.above) :, :2].mean(1)
    along, middle = bottom - top, top + bottom - 1
    # Across is along turned by a quarter in pixels, so its x is measured in heights and its y in widths.
    across = torch.stack([along[:, 1] / aspect, -along[:, 0] * aspect], 1) * limb.width
    x, y = (_centres(side, images) for side in (size_hw[1], size_hw[0]))
    # Half of along and across, in the input's coordinates from -1 to 1, which are twice as long as the picture.
    grid = across[:, None, None] * x[None, None, :, None] + along[:, None, None] * y[None, :, None, None]
    grid = grid + middle[:, None, None]
    part = functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    return part * visible[:, None, None, None]


def _centres(pixels: int, like: Tensor) -> Tensor:
    """Of pixels between -1 and 1: (pixels,)."""
    return (torch.arange(pixels, device=like.device, dtype=like.dtype) + 0.5) * (2 / pixels) - 1
