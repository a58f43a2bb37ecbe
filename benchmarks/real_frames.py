"""Real frames: two cameras in one room and a street camera, read from the research data at run time."""

from __future__ import annotations

import tarfile
import tempfile
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path

from benchmarks.arguments import shared
from sightline.cameras.open_source import open_source
from sightline.cameras.options import SourceOptions
from sightline.models.adding import add_model
from sightline.models.repository import ModelRepository
from sightline.types import EncodedFrame

WEIGHTS = ("yolox_nano_416.onnx", "osnet_x0_25_msmt17.onnx")
ROOMS = {"room-camera-a": "room_camera_a.mp4", "room-camera-b": "room_camera_b.mp4"}
STREET = "street-camera"
STREET_FRAMES = 200
_START_US = 1_700_000_000_000_000
_HOUR_US = 3_600_000_000


def install_yardsticks(repository: ModelRepository) -> None:
    """Add the detector and the embedder that the end-to-end tests use."""
    for file in WEIGHTS:
        add_model(repository, shared("weights", file))


def real_frames(*, most: int | None = None) -> dict[str, list[EncodedFrame]]:
    """Camera -> its frames in order; ``most`` of each camera.

    Raises:
        ConfigurationError: the research data is not there.
    """
    sources = {camera: shared("data", "video", file) for camera, file in ROOMS.items()}
    archive = shared("data", "street_camera", "camera6.tar")
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
        count = min(STREET_FRAMES, most or STREET_FRAMES)
        sources[STREET] = _unpacked(archive, Path(folder), count)
        return {camera: _read(path, camera)[:most] for camera, path in sources.items()}


def interleaved(cameras: dict[str, list[EncodedFrame]]) -> list[EncodedFrame]:
    """The cameras' frames in turn, as they would arrive."""
    return [frame for frame in chain.from_iterable(zip_longest(*cameras.values())) if frame is not None]


def looped(cameras: dict[str, list[EncodedFrame]], loops: int) -> dict[str, list[EncodedFrame]]:
    """Each camera's frames again and again, an hour later each time, under new ids."""
    return {camera: [_later(frame, loop) for loop in range(loops) for frame in frames] for camera, frames in cameras.items()}


def _later(frame: EncodedFrame, loop: int) -> EncodedFrame:
    if loop == 0:
        return frame
    return replace(frame, frame_id=f"{frame.frame_id}-again-{loop}", captured_at_us=frame.captured_at_us + loop * _HOUR_US)


def _read(path: Path, camera: str) -> list[EncodedFrame]:
    fps = 1.0 if path.is_dir() else None  # the street camera's folder is one frame a second
    source = open_source(str(path), options=SourceOptions(camera, fps=fps, start_us=_START_US, paced=False))
    try:
        return list(source.frames())
    finally:
        source.close()


def _unpacked(archive: Path, folder: Path, count: int) -> Path:
    """The first frames of the street camera, in a folder that goes away."""
    with tarfile.open(archive) as tar:
        names = sorted(name for name in tar.getnames() if name.endswith(".jpg"))[:count]
        for name in names:
            member = tar.extractfile(name)
            assert member is not None, "a .jpg of the archive is a file"
            (folder / Path(name).name).write_bytes(member.read())
    return folder
