"""Dense body coordinates without a net of their own: the body model fitted to the joints that a pose model finds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sightline.body_model.fit import fit_dense_coordinates
from sightline.ports import PoseEstimator
from sightline.skeleton import JOINTS, indices
from sightline.types import DenseCoordinates, Float32Array, Poses, UInt8Array

MAP_HW = (64, 32)
"""Of the maps, where nothing else is said: what the shipped net of dense coordinates gives."""


class FittedDenseEstimator:
    """The port ``DenseEstimator`` over a pose estimator: some 1 ms a person on one core (``benchmarks/body_model.py``).

    It knows no picture: clothes wider than limbs, and what stands before a person, do not show in it.

    Args:
        poses: finds the joints.
        joints: their names, in the order of its poses: those of its model's spec.
        size_hw: height and width of the maps; in the proportion of the crops, or limbs get wider or narrower.
        min_confidence: joints above it count.

    Raises:
        ValueError: a name is not a joint of the canonical skeleton.
    """

    def __init__(
        self,
        poses: PoseEstimator,
        joints: Sequence[str],
        *,
        size_hw: tuple[int, int] = MAP_HW,
        min_confidence: float = 0.3,
    ) -> None:
        self._poses = poses
        self._columns = list(indices(joints))
        self._size_hw = size_hw
        self._min_confidence = min_confidence

    async def estimate(self, crops: UInt8Array) -> DenseCoordinates:
        """uint8 RGB (N, h, w, 3) -> coordinates of the N crops; N may be 0."""
        keypoints = self._canonical(await self._poses.estimate(crops))
        return fit_dense_coordinates(keypoints, self._size_hw, min_confidence=self._min_confidence)

    def _canonical(self, poses: Poses) -> Float32Array:
        """float32 (N, J, 3); joints that the poses do not have are unseen."""
        out = np.zeros((len(poses), len(JOINTS), 3), np.float32)
        out[:, self._columns, :2] = poses.xy
        out[:, self._columns, 2] = poses.confidence
        return out
