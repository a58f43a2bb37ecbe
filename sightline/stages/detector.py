"""People in pictures."""

from __future__ import annotations

import numpy as np

from sightline.ports import Inference
from sightline.spec import ModelSpec
from sightline.stages.contract import ContractedModel
from sightline.types import Detections, Float32Array, UInt8Array


class Detector:
    """The port ``Detector`` over a model of kind ``detector``.

    Raises:
        ModelError: the spec is not a detector's.
    """

    def __init__(self, inference: Inference, spec: ModelSpec, *, min_score: float) -> None:
        self._model = ContractedModel(inference, spec, kind="detector", outputs=("boxes", "scores"))
        # The contract fills up with rows of score 0: with a minimum of 0 they would be detections.
        self._min_score = np.nextafter(np.float32(0), np.float32(1)) if min_score <= 0 else np.float32(min_score)

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        """uint8 RGB letterboxed (N, H, W, 3) -> N detections in pixels of the canvas, best first. N may be 0."""
        outputs = await self._model.run({"image": canvases})
        return [self._real(boxes, scores) for boxes, scores in zip(outputs["boxes"], outputs["scores"], strict=True)]

    def _real(self, boxes: Float32Array, scores: Float32Array) -> Detections:
        count = int((scores >= self._min_score).sum())  # the rows are sorted by score
        return Detections(boxes[:count], scores[:count])
