"""A made-up world that needs no model: bright people of plain colours walk over a dark floor.

The stages here find and describe them exactly and deterministically, so a run can be compared with another id by id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import numpy as np

from sightline.settings import Settings, load_settings
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.stages.perception import Stages
from sightline.types import Detections, Embeddings, EncodedFrame, Float32Array, UInt8Array

SIZE_WH = (320, 240)
START_US = 1_700_000_000_000_000
COLOURS = ((250, 60, 60), (60, 250, 60), (60, 60, 250), (250, 250, 60), (250, 60, 250), (60, 250, 250))

DETECTOR = ModelSpec(
    name="person_detector",
    kind="detector",
    inputs=(TensorSpec(name="image", dtype="uint8", shape=(-1, 240, 320, 3)),),
    outputs=(),
    sha256="0" * 64,
)
EMBEDDER = ModelSpec(
    name="reid_colours",
    kind="embedder",
    inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 64, 32, 3)),),
    outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, 48)),),
    crop=CropRule(size_hw=(64, 32)),
    sha256="1" * 64,
)


def picture(number: int, people: int) -> UInt8Array:
    """Frame ``number`` with some people in it: uint8 RGB (240, 320, 3)."""
    image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 20, np.uint8)
    for person in range(people):
        x = 10 + (person * 50 + number * (3 + person)) % 260
        y = 20 + 15 * person
        cv2.rectangle(image, (x, y), (x + 30, y + 90), COLOURS[person % len(COLOURS)], -1)
    return image


def frames(camera: str, count: int, *, fps: float = 10.0, first: int = 0) -> list[EncodedFrame]:
    """A camera's frames: the number of people in them changes, sometimes nobody is there."""
    made = []
    for number in range(first, first + count):
        people = (number // 7) % 4
        bgr = cv2.cvtColor(picture(number, people), cv2.COLOR_RGB2BGR)
        data = cv2.imencode(".jpg", bgr)[1].tobytes()
        made.append(EncodedFrame(camera, f"{camera}-{number}", START_US + int(number / fps * 1e6), "image/jpeg", data))
    return made


class BrightDetector:
    """Finds bright blobs; takes its time, one call after the other, as a model on one core would."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._busy = asyncio.Lock()

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        async with self._busy:
            await asyncio.sleep(self._seconds)
        return [_blobs(canvas) for canvas in canvases]


class ColourEmbedder:
    """Describes a crop by its colours on a 4x4 grid."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        await asyncio.sleep(self._seconds)
        grids = [cv2.resize(crop, (4, 4), interpolation=cv2.INTER_AREA).reshape(48) for crop in crops]
        vectors = np.array(grids, np.float32).reshape(-1, 48) + 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embeddings(vectors, EMBEDDER.embedding_space.name, np.zeros((len(crops), 0), np.float32))


class Crops:
    """Keeps crops in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        self.kept[key] = data

    def get(self, key: str) -> bytes:
        return self.kept[key]

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


def _blobs(canvas: UInt8Array) -> Detections:
    bright = (canvas.max(axis=-1) > 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
    boxes = [[x, y, x + w, y + h] for x, y, w, h, area in stats[1:].tolist() if area > 50]
    return Detections(np.array(sorted(boxes), np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32))


@asynccontextmanager
async def stages(seconds: float = 0.0) -> AsyncIterator[Stages]:
    """The made-up stages, as ``CameraStream`` opens them."""
    yield Stages(BrightDetector(seconds), DETECTOR, ColourEmbedder(seconds), EMBEDDER)


def settings_with_models(folder: Path) -> Settings:
    """Settings whose only model repository holds the detector and the embedder, as specs alone."""
    for spec in (DETECTOR, EMBEDDER):
        (folder / spec.name).mkdir()
        spec.write(folder / spec.name)
    return load_settings(triton={"model_repositories": [str(folder)]})
