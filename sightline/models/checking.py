"""Does an installed model still do what its spec says, here and on Triton?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ModelError
from sightline.models.comparison import FLOAT32_TOLERANCE, Arrays, Difference, compare_outputs
from sightline.models.local_inference import LocalInference
from sightline.models.pictures import fit_pictures
from sightline.models.repository import InstalledModel
from sightline.ports import Inference, Tensors
from sightline.types import UInt8Array


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome for one model; ``on_triton`` tells whether Triton was asked too."""

    model: InstalledModel
    pictures: int
    differences: tuple[Difference, ...]
    on_triton: bool

    @property
    def passed(self) -> bool:
        return all(difference.accepted for difference in self.differences)


async def check_model(model: InstalledModel, pictures: Sequence[UInt8Array], *, triton: Inference | None) -> Check:
    """Check the weights' checksum, the tensors, a batch against single pictures, and Triton against this process.

    Args:
        model: to check.
        pictures: uint8 RGB (H, W, 3), at least one.
        triton: unset = no server is asked.

    Raises:
        ModelError: the weights were changed, or an output is not as the spec says.
        ServiceUnavailable: Triton was to be asked and did not answer.
    """
    model.verify()
    local = LocalInference.load([model])
    rows = [_inputs(model, images[None]) for images in fit_pictures(pictures, model.spec)]
    whole = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    single = [arrays for row in rows for arrays in await _by_picture(local, model, row)]
    batch = await _by_picture(local, model, whole)
    found = list(_compare(model, single, batch, "single pictures and a batch"))
    if triton is not None:
        remote = [arrays for row in rows for arrays in await _by_picture(triton, model, row)]
        found += _compare(model, single, remote, "this process and Triton")
    return Check(model, len(pictures), tuple(found), triton is not None)


def _inputs(model: InstalledModel, images: UInt8Array) -> dict[str, NDArray[Any]]:
    """Pictures for the model's picture input; zeros (no joint seen) for any other."""
    inputs: dict[str, NDArray[Any]] = {}
    for tensor in model.spec.inputs:
        is_picture = tensor.name in ("image", "crop")
        inputs[tensor.name] = images if is_picture else np.zeros((len(images), *tensor.shape[1:]), tensor.dtype)
    return inputs


async def _by_picture(inference: Inference, model: InstalledModel, inputs: Tensors) -> list[Arrays]:
    """Run one batch; the outputs of each picture."""
    outputs = await inference.infer(model.spec.name, inputs)
    count = len(next(iter(inputs.values())))
    for tensor in model.spec.outputs:
        array = outputs.get(tensor.name)
        if array is None or array.dtype != tensor.dtype or array.shape != (count, *tensor.shape[1:]):
            got = "none" if array is None else f"{array.dtype} {array.shape}"
            raise ModelError(f"{model.spec.name}: expected {tensor.name} {tensor.dtype} {tensor.shape}, got {got}")
    return [{name: array[index] for name, array in outputs.items()} for index in range(count)]


def _compare(model: InstalledModel, wanted: Sequence[Arrays], got: Sequence[Arrays], of: str) -> tuple[Difference, ...]:
    return compare_outputs(model.spec.kind, wanted, got, tolerance=FLOAT32_TOLERANCE, of=of).differences
