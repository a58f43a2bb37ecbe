"""Models that only sleep: they cost no core, so that what is measured is how many of their calls are under way at once.

Their pictures are small, and each has one person, always in the same place.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from kafka.partitioner.default import murmur2
from numpy.typing import NDArray

from benchmarks.made_up import FPS, START_US, picture
from sightline.models.repository import BACKEND_FILE, InstalledModel, ModelRepository
from sightline.models.triton_config import CONFIG_FILE, Batching, Placement, render_config
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.types import EncodedFrame

SIDE = 64
BOX_XYXY = (16.0, 4.0, 44.0, 60.0)
"""Of the person, pixels of the picture, which is as large as the canvas."""
DIMENSION = 32
BACKEND_SOURCE = Path(__file__).with_name("backend_sleeping.py")

_NO_NET = b""
DETECTOR = ModelSpec(
    name="detector_asleep",
    kind="detector",
    inputs=(TensorSpec(name="image", dtype="uint8", shape=(-1, SIDE, SIDE, 3)),),
    outputs=(
        TensorSpec(name="boxes", dtype="float32", shape=(-1, 100, 4)),
        TensorSpec(name="scores", dtype="float32", shape=(-1, 100)),
    ),
    sha256=hashlib.sha256(_NO_NET).hexdigest(),
)
EMBEDDER = ModelSpec(
    name="reid_asleep",
    kind="embedder",
    inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, SIDE, SIDE // 2, 3)),),
    outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, DIMENSION)),),
    crop=CropRule(size_hw=(SIDE, SIDE // 2)),
    sha256=hashlib.sha256(_NO_NET).hexdigest(),
)


def install_sleeping(repository: ModelRepository, *, seconds: float, instances: int) -> None:
    """Add both.

    Args:
        seconds: that a call of the detector takes; the embedder answers at once.
        instances: of the detector on Triton: calls that sleep side by side.
    """
    boxes, scores = np.zeros((1, 100, 4), np.float32), np.zeros((1, 100), np.float32)
    boxes[0, 0], scores[0, 0] = BOX_XYXY, 0.9
    _add(repository, DETECTOR, {"boxes": boxes, "scores": scores}, seconds=seconds, instances=instances)
    embedding = np.full((1, DIMENSION), DIMENSION**-0.5, np.float32)
    _add(repository, EMBEDDER, {"embedding": embedding}, seconds=0.0, instances=1)


def frames(cameras: list[str], count: int, *, first: int = 0) -> Iterator[EncodedFrame]:
    """``count`` small frames, the cameras in turn, each at 10 frames a second of its own time.

    Args:
        first: frames that each camera has published before.
    """
    jpeg = picture((SIDE, SIDE))
    for number in range(count):
        camera, index = cameras[number % len(cameras)], first + number // len(cameras)
        yield EncodedFrame(camera, f"{camera}-{index}", START_US + int(index / FPS * 1e6), "image/jpeg", jpeg)


def camera_of_each_partition(partitions: int) -> list[str]:
    """A camera for each partition of the frames' topic, so that all have as much to do."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < partitions:
        camera = f"camera-{number}"
        found.setdefault((murmur2(camera.encode()) & 0x7FFFFFFF) % partitions, camera)
        number += 1
    return [found[partition] for partition in range(partitions)]


def _add(
    repository: ModelRepository, spec: ModelSpec, rows: dict[str, NDArray[np.float32]], *, seconds: float, instances: int
) -> InstalledModel:
    batching, placement = Batching(max_batch_size=8, preferred=()), Placement(instances=instances)
    model = repository.add(spec, _NO_NET, batching=batching)
    shutil.copyfile(BACKEND_SOURCE, model.backend.with_name(BACKEND_FILE))
    answer: dict[str, Any] = {**rows, "seconds": np.float64(seconds)}
    np.savez(model.backend.with_name("answer.npz"), **answer)
    (model.folder / CONFIG_FILE).write_text(render_config(spec, batching, placement))
    return model
