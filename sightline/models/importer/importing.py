"""From file to accepted model: read, plan, wrap, examine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ModelError
from sightline.models.importer.acceptance import Acceptance, examine, require_accepted
from sightline.models.importer.recipe import Recipe
from sightline.models.importer.source import SourceModel
from sightline.models.importer.wrap import Plan, make_plan, wrap
from sightline.models.pictures import fit_pictures
from sightline.models.session import OnnxSession
from sightline.spec import ModelKind, ModelSpec, TensorSpec
from sightline.types import UInt8Array

ROLE_NAMES = {"detector": "person_detector", "keypoints": "keypoints", "densepose": "densepose"}


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """An accepted model: its spec, the wrapped ONNX file's bytes, and what the examination found."""

    spec: ModelSpec
    onnx: bytes
    acceptance: Acceptance


def import_model(
    source: SourceModel, recipe: Recipe, *, pictures: Sequence[UInt8Array], name: str | None = None, version: int = 1
) -> Imported:
    """Wrap a net and examine the result.

    Args:
        source: the user's file, see :func:`sightline.models.importer.source.read_source`.
        recipe: what the file does not say.
        pictures: uint8 RGB (H, W, 3) of any size, to compare original and wrapped net on; at least one.
        name: of the model; unset = ``person_detector``, ``reid_<file>``, …
        version: of the model under that name.

    Raises:
        ModelError: the file does not fit the recipe, or the wrapped net differs from the original.
    """
    original = OnnxSession.open(source.model.SerializeToString(), name=str(source.path))
    plan = make_plan(source, recipe, original)
    content = wrap(plan).SerializeToString()
    wrapped = OnnxSession.open(content, name=f"{source.path} (wrapped)")
    spec = _spec(plan, wrapped, content, name=name or default_name(source.path, recipe.role), version=version)
    acceptance = examine(plan, original, wrapped, list(fit_pictures(pictures, spec)))
    require_accepted(acceptance, plan)
    return Imported(spec, content, acceptance)


def default_name(file: Path, role: ModelKind) -> str:
    """The name on Triton of a model whose user gave none."""
    stem = re.sub(r"[^a-z0-9]+", "_", file.stem.lower()).strip("_") or "model"
    return ROLE_NAMES.get(role, f"reid_{stem}")


def _spec(plan: Plan, wrapped: OnnxSession, content: bytes, *, name: str, version: int) -> ModelSpec:
    recipe = plan.recipe
    size_hw = plan.picture.size_hw
    outputs = _batched_outputs(plan, wrapped)
    try:
        return ModelSpec(
            name=name,
            kind=recipe.role,
            version=version,
            inputs=(TensorSpec(name=plan.input_name, dtype="uint8", shape=(-1, *size_hw, 3)),),
            outputs=tuple(_tensor_spec(output, array) for output, array in outputs.items()),
            crop=None if recipe.role == "detector" else recipe.crop.rule(size_hw),
            class_names=("person",) if recipe.role == "detector" else (),
            joints=recipe.joints if plan.joints is None else plan.joints.names,
            absent_joints=() if plan.joints is None else plan.joints.absent,
            attributes=recipe.attributes,
            sha256=hashlib.sha256(content).hexdigest(),
            source=f"{plan.source.path.name}, sha256 {plan.source.sha256}",
            terms=recipe.terms,
        )
    except ValueError as error:
        raise ModelError(f"{plan.source.path}: {error}") from error


def _batched_outputs(plan: Plan, wrapped: OnnxSession) -> dict[str, NDArray[np.generic]]:
    """The outputs for two black pictures: proof that the batch is free, and the true shapes."""
    try:
        outputs = wrapped.run({plan.input_name: np.zeros((2, *plan.picture.size_hw, 3), np.uint8)})
    except ModelError as error:
        raise plan.source.refuse("a net that takes several pictures at once (export it with a dynamic batch axis)") from error
    for name, array in outputs.items():
        if len(array) != 2:
            raise plan.source.refuse(f"two rows of {name!r} for two pictures, not {array.shape} (export with a dynamic batch)")
    return outputs


def _tensor_spec(name: str, array: NDArray[np.generic]) -> TensorSpec:
    dtype = "uint8" if array.dtype == np.uint8 else "float32"
    return TensorSpec(name=name, dtype=dtype, shape=(-1, *array.shape[1:]))
