from __future__ import annotations

import numpy as np
import pytest

from sightline.body_model.fit import fit_dense_coordinates
from sightline.body_model.parts import PARTS
from sightline.skeleton import JOINTS
from sightline.stages.fitted_dense import FittedDenseEstimator
from sightline.types import Poses

STANDING = {
    "neck": (0.5, 0.2), "nose": (0.5, 0.12),
    "right_shoulder": (0.35, 0.22), "left_shoulder": (0.65, 0.22),
    "right_hip": (0.42, 0.52), "right_knee": (0.41, 0.72), "right_ankle": (0.4, 0.92),
    "left_hip": (0.58, 0.52), "left_knee": (0.59, 0.72), "left_ankle": (0.6, 0.92),
}  # fmt: skip


class Standing:
    """Finds the same person on every crop, in an order of its own; the left leg is doubtful."""

    joints = tuple(reversed(STANDING))

    async def estimate(self, crops: np.ndarray) -> Poses:
        count = len(crops)
        xy = np.array([STANDING[name] for name in self.joints], np.float32)
        sure = np.array([0.1 if name in ("left_knee", "left_ankle") else 0.9 for name in self.joints], np.float32)
        return Poses(np.repeat(xy[None], count, axis=0), np.repeat(sure[None], count, axis=0))


async def test_the_body_is_fitted_to_the_joints_that_are_sure() -> None:
    dense = await FittedDenseEstimator(Standing(), Standing.joints).estimate(np.zeros((2, 256, 128, 3), np.uint8))
    keypoints = np.zeros((1, len(JOINTS), 3), np.float32)
    for name, place in STANDING.items():
        keypoints[0, JOINTS.index(name)] = (*place, 0.1 if name in ("left_knee", "left_ankle") else 0.9)
    wanted = fit_dense_coordinates(keypoints, (64, 32), min_confidence=0.3)
    assert dense.part.shape == (2, 64, 32)
    for crop in range(2):
        assert (dense.part[crop] == wanted.part[0]).all()
        assert (dense.u[crop] == wanted.u[0]).all()
        assert (dense.v[crop] == wanted.v[0]).all()
    shown = {PARTS[part] for part in np.unique(dense.part)}
    assert {"torso_front", "right_lower_leg_front"} <= shown
    assert "left_lower_leg_front" not in shown


async def test_maps_of_another_size_and_no_crop() -> None:
    estimator = FittedDenseEstimator(Standing(), Standing.joints, size_hw=(128, 64))
    assert (await estimator.estimate(np.zeros((0, 256, 128, 3), np.uint8))).part.shape == (0, 128, 64)


def test_a_joint_that_the_skeleton_does_not_have_is_named() -> None:
    with pytest.raises(ValueError, match="left_big_toe"):
        FittedDenseEstimator(Standing(), ("nose", "left_big_toe"))
