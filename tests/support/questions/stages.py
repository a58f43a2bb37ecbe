"""Stages that go by colour: enough to find a generated person and to tell two apart, with no model."""

from __future__ import annotations

import cv2
import numpy as np

from sightline.body_model.fit import fit_dense_coordinates
from sightline.skeleton import JOINTS
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.types import DenseCoordinates, Detections, Embeddings, Float32Array, Poses, UInt8Array
from support.people import standing

_MIN_SATURATION = 60
_MIN_AREA_PX = 60
_BANDS = 8

DETECTOR_SPEC = ModelSpec(
    name="person_detector",
    kind="detector",
    inputs=(TensorSpec(name="image", dtype="uint8", shape=(-1, 416, 416, 3)),),
    outputs=(
        TensorSpec(name="boxes", dtype="float32", shape=(-1, 100, 4)),
        TensorSpec(name="scores", dtype="float32", shape=(-1, 100)),
    ),
    class_names=("person",),
    sha256="0" * 64,
)
EMBEDDER_SPEC = ModelSpec(
    name="reid_colours",
    kind="embedder",
    inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 128, 64, 3)),),
    outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, _BANDS * 3)),),
    crop=CropRule(size_hw=(128, 64)),
    attributes=("upper_colour:red", "upper_colour:green", "upper_colour:blue", "hat:yes"),
    sha256="1" * 64,
)
POSE_SPEC = ModelSpec(
    name="keypoints",
    kind="keypoints",
    inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 128, 64, 3)),),
    outputs=(
        TensorSpec(name="xy", dtype="float32", shape=(-1, 19, 2)),
        TensorSpec(name="confidence", dtype="float32", shape=(-1, 19)),
    ),
    crop=CropRule(size_hw=(128, 64)),
    joints=JOINTS,
    sha256="2" * 64,
)
DENSE_SPEC = ModelSpec(
    name="densepose",
    kind="densepose",
    inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 128, 64, 3)),),
    outputs=tuple(
        TensorSpec(name=name, dtype="uint8" if name == "part" else "float32", shape=(-1, 64, 32)) for name in ("part", "u", "v")
    ),
    crop=CropRule(size_hw=(128, 64)),
    sha256="3" * 64,
)


class ColourDetector:
    """Finds what is coloured in grey scenes."""

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        return [_coloured(canvas) for canvas in canvases]


class ColourEmbedder:
    """The mean colour of horizontal bands of the crop's middle, grey taken out."""

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        middle = crops[:, :, crops.shape[2] // 4 : -(crops.shape[2] // 4)].astype(np.float32)
        bands = np.stack([band.mean(axis=(1, 2)) for band in np.array_split(middle, _BANDS, axis=1)], axis=1)
        colours = bands - bands.mean(axis=2, keepdims=True) + 1e-3
        vectors = colours.reshape(len(crops), -1)
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return Embeddings(vectors, EMBEDDER_SPEC.embedding_space.name, _attributes(colours[:, 1 : _BANDS // 2].mean(axis=1)))


class StandingPose:
    """Takes everybody to stand in the middle of their box, facing the camera."""

    async def estimate(self, crops: UInt8Array) -> Poses:
        keypoints = np.repeat(standing()[None], len(crops), axis=0)
        return Poses(np.ascontiguousarray(keypoints[..., :2]), np.ascontiguousarray(keypoints[..., 2]))


class StandingDense:
    """The body model of the standing person."""

    async def estimate(self, crops: UInt8Array) -> DenseCoordinates:
        return fit_dense_coordinates(np.repeat(standing()[None], len(crops), axis=0), (64, 32))


def _attributes(top: Float32Array) -> Float32Array:
    """Of colours (N, 3) above the waist: red, green or blue, and nobody has a hat."""
    logits = np.exp((top - top.max(axis=1, keepdims=True)) / 10)
    colours = logits / logits.sum(axis=1, keepdims=True)
    return np.concatenate([colours, np.full((len(top), 1), 0.1)], axis=1).astype(np.float32)


def _coloured(canvas: UInt8Array) -> Detections:
    mask = (canvas.max(axis=2).astype(np.int16) - canvas.min(axis=2) > _MIN_SATURATION).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    boxes = [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:] if area >= _MIN_AREA_PX and h > w]
    found = np.array(boxes, np.float32).reshape(-1, 4)
    order = np.argsort(-found[:, 3], kind="stable")
    return Detections(found[order], np.linspace(0.95, 0.6, len(found), dtype=np.float32))
