"""What an exported detector is compared and calibrated on: frames that it did not learn from, fitted as the stream does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sightline.errors import ConfigurationError
from sightline.geometry import letterbox
from sightline.types import UInt8Array
from training.data.config import DataConfig
from training.data.finding import silent
from training.data.frames.opening import open_detection_set
from training.data.frames.stored import StoredFrame, read_frames


def read_gate_frames(data: DataConfig) -> list[StoredFrame]:
    """A set's frames for validation, with the people on them.

    Raises:
        ConfigurationError: the set cannot be read, or has fewer than two such frames.
        InputError: a frame cannot be read.
    """
    frames = open_detection_set(data.path, cache=data.cache, report=silent).val
    if len(frames) < 2:
        raise ConfigurationError(f"{data.path}: it has {len(frames)} frames for validation, and a comparison needs two")
    return list(read_frames(frames, lambda done, total: None))


def canvases(frames: Sequence[StoredFrame], size_hw: tuple[int, int], *, limit: int) -> UInt8Array:
    """Some of the frames, evenly chosen: uint8 RGB (N, H, W, 3), at most ``limit``."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(limit, len(frames))).round().astype(np.int64))
    return np.stack([letterbox(frames[row].view().image, size_hw)[0] for row in chosen])
