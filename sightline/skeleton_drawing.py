"""Skeletons drawn on pictures, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.skeleton import JOINTS, LIMBS
from sightline.types import Float32Array, UInt8Array

LEFT, RIGHT, MIDDLE = (72, 187, 120), (237, 100, 90), (246, 201, 69)
"""RGB of the person's own left and right, and of head and neck."""

_FINENESS = 150
"""Lines are a pixel thick for so many pixels of the person's height."""
_SHIFT = 4
"""OpenCV takes whole numbers, of which so many bits are behind the point."""


def draw_skeleton(
    image: UInt8Array, keypoints: Float32Array, *, joints: Sequence[str] = JOINTS, min_confidence: float = 0.3
) -> UInt8Array:
    """A copy of the picture with one person's limbs and joints.

    Args:
        image: uint8 RGB (H, W, 3).
        keypoints: float32 (K, 3): x, y in pixels of the picture (continuous: the first pixel covers [0, 1)), confidence.
        joints: names of the K joints, among those of :data:`sightline.skeleton.JOINTS`.
        min_confidence: joints that are surer are drawn, and limbs between two of them.

    Returns:
        uint8 RGB (H, W, 3).

    Raises:
        ValueError: there are not as many key points as joints.
    """
    if keypoints.shape != (len(joints), 3):
        raise ValueError(f"keypoints: expected ({len(joints)}, 3), got {keypoints.shape}")
    drawn = image.copy()
    seen = {name: point[:2] for name, point in zip(joints, keypoints, strict=True) if point[2] > min_confidence}
    height = np.ptp([point[1] for point in seen.values()]) if seen else 0
    thickness = max(1, round(float(height) / _FINENESS))
    for start, end in LIMBS:
        if start in seen and end in seen:
            places = _fixed_point(seen[start]), _fixed_point(seen[end])
            cv2.line(drawn, *places, colour(end), thickness, cv2.LINE_AA, _SHIFT)
    for name, point in seen.items():
        cv2.circle(drawn, _fixed_point(point), thickness << _SHIFT, colour(name), cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return drawn


def colour(joint: str) -> tuple[int, int, int]:
    """RGB of a joint, and of the limb that ends in it."""
    side = joint.partition("_")[0]
    return {"left": LEFT, "right": RIGHT}.get(side, MIDDLE)


def _fixed_point(point: NDArray[np.float32]) -> tuple[int, int]:
    """OpenCV counts from the middle of the first pixel, we from its corner."""
    x, y = (round((float(value) - 0.5) * 2**_SHIFT) for value in point)
    return x, y
