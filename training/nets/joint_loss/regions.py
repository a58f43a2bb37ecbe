"""Head, trunk and lower limbs of people, by their landmarks ("Person Re-identification with Joint-loss", section III-A).

A region is the box of the extremes of its landmarks. The paper has 18 of them (OpenPose's: nose, neck, eyes, ears, shoulders,
elbows, wrists, hips, knees, ankles); ours are the same and the top of the head. It says neither which landmarks make which
region nor what the "pre-defined regions" are where landmarks are missing; what is done:

- head: head top, nose, eyes, ears, neck; trunk: neck, shoulders, elbows, wrists, hips; lower limb: hips, knees, ankles.
- Joints lie inside the body, so every box grows by a margin; and to a least size, as a head is not as narrow as the line from
  its top to the neck.
- A region of which fewer than two landmarks, or none but its border with the next (neck, hips), are visible is its stripe.

Legend: N pictures, J = 19 joints of :data:`sightline.skeleton.JOINTS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sightline.skeleton import indices
from training.nets.roi import Windows


@dataclass(frozen=True, slots=True)
class Region:
    """One region of the body.

    Attributes:
        own: landmarks that belong to it alone.
        shared: landmarks on its border with another region.
        stripe: (top, bottom) of the picture: where it is without landmarks.
        least_wh: its least width and height, as parts of the picture's.
    """

    own: tuple[str, ...]
    shared: tuple[str, ...]
    stripe: tuple[float, float]
    least_wh: tuple[float, float]


REGIONS = {
    "head": Region(
        own=("head_top", "nose", "right_eye", "left_eye", "right_ear", "left_ear"),
        shared=("neck",),
        stripe=(0.0, 0.2),
        least_wh=(0.4, 0.14),
    ),
    "trunk": Region(
        own=("right_shoulder", "left_shoulder", "right_elbow", "left_elbow", "right_wrist", "left_wrist"),
        shared=("neck", "right_hip", "left_hip"),
        stripe=(0.15, 0.55),
        least_wh=(0.5, 0.25),
    ),
    "lower_limb": Region(
        own=("right_knee", "left_knee", "right_ankle", "left_ankle"),
        shared=("right_hip", "left_hip"),
        stripe=(0.5, 1.0),
        least_wh=(0.4, 0.3),
    ),
}
"""The three of section III-B.2, top to bottom. The stripes overlap, as the regions do."""

MARGIN = 0.04
"""By which a box grows on each side, as a part of the picture's sides."""


def stripes(keypoints: Tensor) -> Windows:
    """Fixed stripes for everybody (Fig. 3b): (N, J, 3) -> N x 3 windows in the order of :data:`REGIONS`."""
    fixed = torch.tensor([[0.0, top, 1.0, bottom] for top, bottom in (each.stripe for each in REGIONS.values())])
    xyxy = fixed.to(keypoints.device)[None].expand(keypoints.shape[0], -1, -1)  # a length would be fixed in an export
    return Windows(xyxy, torch.ones_like(xyxy[..., 0], dtype=torch.bool))


def landmark_regions(keypoints: Tensor) -> Windows:
    """The regions of each person, within the picture (Fig. 3a): (N, J, 3) -> N x 3 windows in the order of :data:`REGIONS`.

    Args:
        keypoints: x, y in [0, 1] of the picture, and a confidence; 0 = invisible.
    """
    fallback = stripes(keypoints)
    found = [_by_landmarks(keypoints.float(), region) for region in REGIONS.values()]
    boxes = torch.stack([box for box, _ in found], dim=1)
    there = torch.stack([there for _, there in found], dim=1)
    return Windows(torch.where(there[..., None], boxes, fallback.xyxy), fallback.visible)


def _by_landmarks(keypoints: Tensor, region: Region) -> tuple[Tensor, Tensor]:
    """The box (N, 4) of one region, and whether enough of its landmarks are visible (N,)."""
    seen = keypoints[:, list(indices(region.own + region.shared)), 2] > 0
    xy = keypoints[:, list(indices(region.own + region.shared)), :2]
    low = torch.where(seen[..., None], xy, 2.0).amin(dim=1) - MARGIN
    high = torch.where(seen[..., None], xy, -1.0).amax(dim=1) + MARGIN
    centre = (low + high) / 2
    half = torch.maximum((high - low) / 2, keypoints.new_tensor(region.least_wh) / 2)
    box = torch.cat([centre - half, centre + half], dim=1).clamp(0, 1)
    enough = (seen.sum(dim=1) >= 2) & seen[:, : len(region.own)].any(dim=1)
    return box, enough
