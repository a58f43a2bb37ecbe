"""Specs and fake models of each kind, as small as can be."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.spec import CropRule, ModelSpec, TensorSpec

SIZE = (16, 8)


class Specs:
    """``specs.make("embedder", embedding=(-1, 4))``: a spec with these outputs, float32 unless named otherwise."""

    def make(self, kind: str, *, inputs: dict[str, tuple[int, ...]] | None = None, **outputs: Any) -> ModelSpec:
        picture = "image" if kind == "detector" else "crop"
        tensors = {picture: (-1, *SIZE, 3)} | (inputs or {})
        return ModelSpec(
            name=f"a_{kind}",
            kind=kind,
            inputs=tuple(
                TensorSpec(name=name, dtype="uint8" if name == picture else "float32", shape=shape)
                for name, shape in tensors.items()
            ),
            outputs=tuple(
                TensorSpec(name=name, dtype="uint8" if name == "part" else "float32", shape=shape)
                for name, shape in outputs.items()
            ),
            crop=None if kind == "detector" else CropRule(size_hw=SIZE),
            sha256="0" * 64,
        )


@pytest.fixture
def specs() -> Specs:
    return Specs()
