"""Cameras and models that cost next to nothing: what remains is the spine.

Each picture has one person, always in the same place; the models return at once. Needs no research data.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import cv2
import numpy as np

from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.stages.perception import Stages
from sightline.types import Detections, Embeddings, EncodedFrame, Float32Array, UInt8Array

START_US = 1_700_000_000_000_000
FPS = 10.0
DIMENSION = 512
BOX_XYXY = (160.0, 60.0, 240.0, 300.0)
"""Of the person, pixels of the canvas."""

DETECTOR = ModelSpec(
    name="person_detector",
    kind="detector",
    inputs=(TensorSpec(name="image", dtype="uint8", shape=(-1, 416, 416, 3)),),
    outputs=(
        TensorSpec(name="boxes", dtype="float32", shape=(-1, 100, 4)),
        TensorSpec(name="scores", dtype="float32", shape=(-1, 100)),
    ),
    sha256="0" * 64,
)
EMBEDDER = ModelSpec(
    name="reid_at_once",
    kind="embedder",
    inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 256, 128, 3)),),
    outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, DIMENSION)),),
    crop=CropRule(size_hw=(256, 128)),
    sha256="1" * 64,
)


def picture(size_wh: tuple[int, int], *, seed: int = 0) -> bytes:
    """A JPEG of smooth noise: about as many bytes as a real picture of that size."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (size_wh[1] // 6, size_wh[0] // 6, 3), np.uint8)
    image = cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC)
    encoded, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert encoded, "JPEG encoding of an 8-bit picture does not fail"
    return jpeg.tobytes()


def frames(count: int, *, cameras: int = 1, size_wh: tuple[int, int] = (854, 480)) -> Iterator[EncodedFrame]:
    """``count`` frames, the cameras in turn, each at 10 frames a second of its own time."""
    jpeg = picture(size_wh)
    for number in range(count):
        camera, index = f"camera-{number % cameras:02d}", number // cameras
        yield EncodedFrame(camera, f"{camera}-{index}", START_US + int(index / FPS * 1e6), "image/jpeg", jpeg)


class AtOnceDetector:
    """Finds the one person, after ``seconds`` that no other call shares."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._busy = asyncio.Lock()

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        """See :class:`sightline.ports.Detector`."""
        if self._seconds:
            async with self._busy:
                await asyncio.sleep(self._seconds)
        return [Detections(np.array([BOX_XYXY], np.float32), np.full(1, 0.9, np.float32)) for _ in canvases]


class AtOnceEmbedder:
    """Gives everybody the same vector."""

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        """See :class:`sightline.ports.Embedder`."""
        vectors = np.full((len(crops), DIMENSION), DIMENSION**-0.5, np.float32)
        return Embeddings(vectors, EMBEDDER.embedding_space.name, np.zeros((len(crops), 0), np.float32))


@asynccontextmanager
async def stages(seconds: float) -> AsyncIterator[Stages]:
    """The stages, as ``CameraStream`` opens them."""
    yield Stages(AtOnceDetector(seconds), DETECTOR, AtOnceEmbedder(), EMBEDDER)
