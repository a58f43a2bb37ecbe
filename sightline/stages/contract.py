"""A model held to its spec: what comes out is checked, cheaply, on every call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ModelError
from sightline.ports import Inference, Tensors
from sightline.spec import ModelKind, ModelSpec, TensorSpec


class ContractedModel:
    """One model on a server, and its spec.

    Raises:
        ModelError: the spec is of another kind, or lacks a tensor that every model of the kind has.
    """

    def __init__(self, inference: Inference, spec: ModelSpec, *, kind: ModelKind, outputs: tuple[str, ...]) -> None:
        if spec.kind != kind:
            raise ModelError(f"{spec.name}: expected a model of kind {kind}, its spec says {spec.kind}")
        for name in outputs:
            spec.output(name)
        self._inference = inference
        self.spec = spec

    async def run(self, inputs: Tensors) -> Mapping[str, NDArray[Any]]:
        """The outputs that the spec names, each of its dtype and shape. Inputs of no rows are answered without a call.

        Raises:
            ModelError: an output is missing or of another dtype or shape.
            ServiceUnavailable: the server cannot answer now.
        """
        rows = max(len(array) for array in inputs.values())
        if rows == 0:
            return {output.name: _no_rows(output) for output in self.spec.outputs}
        outputs = await self._inference.infer(self.spec.name, inputs)
        for output in self.spec.outputs:
            self._check(output, outputs.get(output.name), rows)
        return outputs

    def _check(self, wanted: TensorSpec, array: NDArray[Any] | None, rows: int) -> None:
        shape = (rows, *wanted.shape[1:])
        fits = (
            array is not None
            and array.dtype == wanted.dtype
            and len(array.shape) == len(shape)
            and all(want in (-1, got) for want, got in zip(shape, array.shape, strict=True))
        )
        if not fits:
            got = "none" if array is None else f"{array.dtype} {array.shape}"
            raise ModelError(f"{self.spec.name}: expected output {wanted.name!r} {wanted.dtype} {shape}, got {got}")


def _no_rows(output: TensorSpec) -> NDArray[Any]:
    return np.zeros((0, *(max(length, 0) for length in output.shape[1:])), output.dtype)
