"""Joints of people."""

from __future__ import annotations

import numpy as np

from sightline.ports import Inference
from sightline.spec import ModelSpec
from sightline.stages.contract import ContractedModel
from sightline.types import Poses, UInt8Array


class PoseEstimator:
    """The port ``PoseEstimator`` over a model of kind ``keypoints``.

    Raises:
        ModelError: the spec is not such a model's.
    """

    def __init__(self, inference: Inference, spec: ModelSpec) -> None:
        self._model = ContractedModel(inference, spec, kind="keypoints", outputs=("xy", "confidence"))
        _, height, width, _ = spec.input("crop").shape
        self._crop_wh = np.array([width, height], np.float32)

    async def estimate(self, crops: UInt8Array) -> Poses:
        """uint8 RGB (N, h, w, 3) -> poses of the N crops, in [0, 1] of the crop (the model's are pixels). N may be 0."""
        outputs = await self._model.run({"crop": crops})
        return Poses(np.asarray(outputs["xy"] / self._crop_wh, np.float32), outputs["confidence"])
