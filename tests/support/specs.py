"""Specs of models that are never run."""

from __future__ import annotations

import hashlib

from sightline.spec import CropRule, ModelSpec, TensorSpec

ONNX = b"not really onnx"
"""The weights whose sha256 the specs name."""


def make_spec(name: str = "reid_a", kind: str = "embedder", **changes: object) -> ModelSpec:
    """A small detector or embedder, with these fields changed."""
    detector = kind == "detector"
    size = (64, 48) if detector else (16, 8)
    outputs = [("boxes", (-1, 100, 4)), ("scores", (-1, 100))] if detector else [("embedding", (-1, 4))]
    values: dict[str, object] = {
        "name": name,
        "kind": kind,
        "inputs": (TensorSpec(name="image" if detector else "crop", dtype="uint8", shape=(-1, *size, 3)),),
        "outputs": tuple(TensorSpec(name=n, dtype="float32", shape=s) for n, s in outputs),
        "crop": None if detector else CropRule(size_hw=size),
        "sha256": hashlib.sha256(ONNX).hexdigest(),
    }
    return ModelSpec(**(values | changes))
