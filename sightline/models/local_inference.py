"""The port ``Inference`` in this very process: ONNX Runtime without a server, for checks, evaluation and benchmarks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from sightline.errors import ModelError, ServiceUnavailable
from sightline.models.repository import InstalledModel
from sightline.models.session import OnnxSession
from sightline.ports import Tensors
from sightline.spec import ModelSpec

SERVICE = "onnxruntime"


class LocalInference:
    """Models run in threads of this process; the contract is that of Triton, errors included."""

    def __init__(self, sessions: Mapping[str, tuple[ModelSpec, OnnxSession]]) -> None:
        self._models = dict(sessions)

    @classmethod
    def load(cls, models: Sequence[InstalledModel], *, threads: int = 1) -> LocalInference:
        """Load models, ``threads`` threads each.

        Raises:
            ModelError: ONNX Runtime cannot load one.
        """
        return cls(
            {
                model.spec.name: (model.spec, OnnxSession.open(model.onnx, name=model.spec.name, threads=threads))
                for model in models
            }
        )

    async def infer(self, model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """Run one batch, see :class:`sightline.ports.Inference`.

        Raises:
            ServiceUnavailable: no such model is loaded.
            ModelError: the tensors are not the model's.
        """
        if model not in self._models:
            raise ServiceUnavailable(SERVICE, f"{model} is not loaded (there are: {', '.join(self._models) or 'none'})")
        spec, session = self._models[model]
        expected = {tensor.name for tensor in spec.inputs}
        if set(inputs) != expected:
            raise ModelError(f"{model}: expected the inputs {sorted(expected)}, got {sorted(inputs)}")
        return await asyncio.to_thread(session.run, inputs)
