"""Key points of people, drawn at random, for the tests of whatever takes a pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.skeleton import FLIP, JOINTS

STANDING: dict[str, tuple[float, float]] = {
    "head_top": (0.50, 0.06), "neck": (0.50, 0.22), "nose": (0.50, 0.14),
    "right_shoulder": (0.24, 0.25), "right_elbow": (0.20, 0.42), "right_wrist": (0.19, 0.55),
    "left_shoulder": (0.76, 0.25), "left_elbow": (0.80, 0.42), "left_wrist": (0.81, 0.55),
    "right_hip": (0.34, 0.55), "right_knee": (0.33, 0.75), "right_ankle": (0.32, 0.94),
    "left_hip": (0.66, 0.55), "left_knee": (0.67, 0.75), "left_ankle": (0.68, 0.94),
    "right_eye": (0.47, 0.13), "left_eye": (0.53, 0.13), "right_ear": (0.43, 0.14), "left_ear": (0.57, 0.14),
}  # fmt: skip
"""A person who faces the camera, in a crop twice as high as wide."""


def standing() -> NDArray[np.float32]:
    """float32 (J, 3): :data:`STANDING`, everything visible."""
    return np.array([(*STANDING[name], 1.0) for name in JOINTS], np.float32)


def someone(seed: int, *, hidden: float = 0.0) -> NDArray[np.float32]:
    """float32 (J, 3): a person turned and bent at random; each joint is invisible with the probability ``hidden``."""
    rng = np.random.default_rng(seed)
    keypoints = standing()
    keypoints[:, 0] = 0.5 + (keypoints[:, 0] - 0.5) * np.cos(rng.uniform(-np.pi, np.pi))
    keypoints[:, :2] += rng.normal(0, 0.03, (len(JOINTS), 2)).astype(np.float32)
    keypoints[rng.random(len(JOINTS)) < hidden] = 0
    return keypoints


def mirror_image(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """The key points (J, 3) of the flipped picture."""
    flipped = keypoints.copy()
    flipped[:, 0] = np.where(keypoints[:, 2] > 0, 1 - keypoints[:, 0], 0)
    return flipped[list(FLIP)]
