"""What an exported detector is compared on: real frames that it did not learn from, letterboxed as the stream does."""

from __future__ import annotations

import numpy as np

from sightline.errors import ConfigurationError
from sightline.geometry import letterbox
from sightline.types import UInt8Array
from training.data.config import DataConfig
from training.data.finding import silent
from training.data.frames.opening import open_detection_set
from training.data.frames.stored import read_frames


def read_gate_frames(data: DataConfig, size_hw: tuple[int, int], *, limit: int) -> UInt8Array:
    """Canvases evenly out of a set's frames for validation: uint8 RGB (N, H, W, 3), at most ``limit``.

    Raises:
        ConfigurationError: the set cannot be read, or has fewer than two such frames.
        InputError: a frame cannot be read.
    """
    frames = open_detection_set(data.path, cache=data.cache, report=silent).val
    if len(frames) < 2:
        raise ConfigurationError(f"{data.path}: it has {len(frames)} frames for validation, and a comparison needs two")
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(limit, len(frames))).round().astype(np.int64))
    stored = read_frames([frames[row] for row in chosen], lambda done, total: None)
    return np.stack([letterbox(each.view().image, size_hw)[0] for each in stored])
