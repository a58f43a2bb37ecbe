"""Appearance vectors of people."""

from __future__ import annotations

import numpy as np

from sightline.ports import Inference
from sightline.spec import ModelSpec
from sightline.stages.contract import ContractedModel
from sightline.types import Embeddings, Float32Array, UInt8Array


class Embedder:
    """The port ``Embedder`` over a model of kind ``embedder``.

    Raises:
        ModelError: the spec is not an embedder's.
    """

    def __init__(self, inference: Inference, spec: ModelSpec) -> None:
        self._model = ContractedModel(inference, spec, kind="embedder", outputs=("embedding",))
        self._uses_pose = any(tensor.name == "keypoints" for tensor in spec.inputs)
        self._space = spec.embedding_space.name

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        """uint8 RGB (N, h, w, 3) -> unit vectors of the N crops; attributes are (N, 0) where the model has none. N may be 0.

        Args:
            crops: people, cut out by the spec's crop rule.
            keypoints: float32 (N, K, 3), x and y in [0, 1] of the crop, and confidence. Ignored by models that do not use the
                pose; a model that does treats absent ones as invisible.
        """
        inputs = {"crop": crops}
        if self._uses_pose:
            inputs["keypoints"] = self._visible(len(crops), keypoints)  # type: ignore[assignment]
        outputs = await self._model.run(inputs)
        none = np.zeros((len(crops), 0), np.float32)
        return Embeddings(outputs["embedding"], self._space, outputs.get("attributes", none))

    def _visible(self, count: int, keypoints: Float32Array | None) -> Float32Array:
        joints = self._model.spec.input("keypoints").shape[1]
        return np.zeros((count, joints, 3), np.float32) if keypoints is None else keypoints
