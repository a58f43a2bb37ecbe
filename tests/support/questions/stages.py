"""Stages that go by colour: enough to find a generated person and to tell two apart, with no model."""

from __future__ import annotations

import cv2
import numpy as np

from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.types import Detections, Embeddings, Float32Array, UInt8Array

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
    sha256="1" * 64,
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
        return Embeddings(vectors, EMBEDDER_SPEC.embedding_space.name, np.zeros((len(crops), 0), np.float32))


def _coloured(canvas: UInt8Array) -> Detections:
    mask = (canvas.max(axis=2).astype(np.int16) - canvas.min(axis=2) > _MIN_SATURATION).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    boxes = [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:] if area >= _MIN_AREA_PX and h > w]
    found = np.array(boxes, np.float32).reshape(-1, 4)
    order = np.argsort(-found[:, 3], kind="stable")
    return Detections(found[order], np.linspace(0.95, 0.6, len(found), dtype=np.float32))
