from __future__ import annotations

import numpy as np

from sightline.stages.pose import PoseEstimator
from sightline.testing import FakeInference, FakeModel


async def test_pixels_become_parts_of_the_crop(specs):
    spec = specs.make("keypoints", xy=(-1, 2, 2), confidence=(-1, 2))

    def run(inputs):
        count = len(inputs["crop"])
        xy = np.tile(np.array([[4, 4], [8, 16]], np.float32), (count, 1, 1))
        return {"xy": xy, "confidence": np.ones((count, 2), np.float32)}

    estimator = PoseEstimator(FakeInference(FakeModel(spec, run)), spec)
    poses = await estimator.estimate(np.zeros((2, 16, 8, 3), np.uint8))  # 16 high, 8 wide
    np.testing.assert_allclose(poses.xy[1], [[0.5, 0.25], [1, 1]])
    assert poses.xy.dtype == np.float32


async def test_no_crops(specs):
    spec = specs.make("keypoints", xy=(-1, 2, 2), confidence=(-1, 2))
    poses = await PoseEstimator(FakeInference(), spec).estimate(np.zeros((0, 16, 8, 3), np.uint8))
    assert poses.xy.shape == (0, 2, 2)
    assert poses.confidence.shape == (0, 2)
