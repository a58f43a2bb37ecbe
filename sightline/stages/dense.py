"""Dense body coordinates of people."""

from __future__ import annotations

from sightline.ports import Inference
from sightline.spec import ModelSpec
from sightline.stages.contract import ContractedModel
from sightline.types import DenseCoordinates, UInt8Array


class DenseEstimator:
    """The port ``DenseEstimator`` over a model of kind ``densepose``.

    Raises:
        ModelError: the spec is not such a model's.
    """

    def __init__(self, inference: Inference, spec: ModelSpec) -> None:
        self._model = ContractedModel(inference, spec, kind="densepose", outputs=("part", "u", "v"))

    async def estimate(self, crops: UInt8Array) -> DenseCoordinates:
        """uint8 RGB (N, h, w, 3) -> coordinates of the N crops. N may be 0."""
        outputs = await self._model.run({"crop": crops})
        return DenseCoordinates(outputs["part"], outputs["u"], outputs["v"])
