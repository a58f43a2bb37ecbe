"""What key points say of a body as a whole: how large it is in the picture, and which way it faces."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sightline.skeleton import JOINTS
from sightline.types import Float32Array

SEGMENTS: dict[tuple[str, str], float] = {
    ("head_top", "neck"): 0.165,
    ("right_shoulder", "right_hip"): 0.32, ("left_shoulder", "left_hip"): 0.32,
    ("right_hip", "right_knee"): 0.23, ("left_hip", "left_knee"): 0.23,
    ("right_knee", "right_ankle"): 0.235, ("left_knee", "left_ankle"): 0.235,
    ("right_shoulder", "right_elbow"): 0.18, ("left_shoulder", "left_elbow"): 0.18,
    ("right_elbow", "right_wrist"): 0.145, ("left_elbow", "left_wrist"): 0.145,
}  # fmt: skip
"""Length of what lies between two joints, as a part of the stature: medians of Market-1501's key points."""

SHOULDER_WIDTH = 0.29
HIP_WIDTH = 0.17
"""Between the joints of a person who is seen from the front, as a part of the stature."""

FORWARD_CUES: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("nose", ("neck",), 3.0), ("nose", ("right_ear",), 3.0), ("nose", ("left_ear",), 3.0),
    ("head_top", ("neck",), 1.0), ("neck", ("right_shoulder", "left_shoulder"), 1.5),
    ("right_knee", ("right_hip", "right_ankle"), 1.0), ("left_knee", ("left_hip", "left_ankle"), 1.0),
    ("right_elbow", ("right_shoulder", "right_wrist"), -1.0), ("left_elbow", ("left_shoulder", "left_wrist"), -1.0),
    ("right_wrist", ("right_shoulder",), 0.4), ("left_wrist", ("left_shoulder",), 0.4),
)  # fmt: skip
"""A joint, the joints in whose middle it would be on a straight body, and how much it says that it lies before (behind) it."""

SMALLEST_STATURE = 1.0
"""Pixels; below it there is nothing to paint."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A person's joints in a picture, and what follows from them.

    Attributes:
        joints: name -> (x, y) in pixels, of the visible ones.
        stature: how long the standing body would be, pixels.
        yaw: which way it faces, radians: 0 = to the camera, pi/2 = to the right of the picture, pi = away. A mirror image
            has -yaw.
    """

    joints: dict[str, Point]
    stature: float
    yaw: float

    def middle(self, *names: str) -> Point | None:
        """The middle of the visible ones of the named joints; None if none is."""
        seen = [self.joints[name] for name in names if name in self.joints]
        if not seen:
            return None
        return sum(x for x, _ in seen) / len(seen), sum(y for _, y in seen) / len(seen)


def figure(keypoints: Float32Array, size_hw: tuple[int, int], min_confidence: float) -> Figure | None:
    """Key points (J, 3) as a figure; None where no size can be told: no segment has both its joints, or all have no length."""
    joints = _visible(keypoints, size_hw, min_confidence)
    stature = _stature(joints)
    if stature is None or stature < SMALLEST_STATURE:
        return None
    return Figure(joints, stature, _yaw(joints, stature))


def _visible(keypoints: Float32Array, size_hw: tuple[int, int], min_confidence: float) -> dict[str, Point]:
    height, width = size_hw
    return {
        name: (x * width, y * height)
        for name, (x, y, confidence) in zip(JOINTS, keypoints.tolist(), strict=True)
        if confidence > min_confidence and math.isfinite(x) and math.isfinite(y)
    }


def _stature(joints: dict[str, Point]) -> float | None:
    """The median over the segments: some are seen end on, some are wrong."""
    guesses = sorted(
        math.dist(joints[start], joints[end]) / length
        for (start, end), length in SEGMENTS.items()
        if start in joints and end in joints
    )
    guesses = [guess for guess in guesses if guess > 0]
    return guesses[len(guesses) // 2] if guesses else None


def _yaw(joints: dict[str, Point], stature: float) -> float:
    """The width between left and right says how far the body is turned, what sticks out says to which side."""
    widths = [
        (joints[f"left_{name}"][0] - joints[f"right_{name}"][0], width * stature)
        for name, width in (("shoulder", SHOULDER_WIDTH), ("hip", HIP_WIDTH))
        if f"left_{name}" in joints and f"right_{name}" in joints
    ]
    if not widths:
        return 0.0
    cosine = max(-1.0, min(1.0, sum(seen for seen, _ in widths) / sum(width for _, width in widths)))
    forward = _forward(joints)
    if forward == 0:
        return 0.0 if cosine >= 0 else math.pi
    return math.copysign(math.acos(cosine), forward)


def _forward(joints: dict[str, Point]) -> float:
    """Above 0 where more sticks out to the right of the picture than to the left."""
    return sum(
        weight * (joints[joint][0] - sum(joints[base][0] for base in bases) / len(bases))
        for joint, bases, weight in FORWARD_CUES
        if joint in joints and all(base in joints for base in bases)
    )
