"""People cut out of synthetic frames, with what is true of each crop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.ground_truth import FrameTruth, SyntheticFrame, Visibility
from sightline.types import Float32Array, UInt8Array

_MARGINS = (-0.02, 0.07)
"""A detector's box is not exact: so much of width and height is added on each side, by chance."""

CONFIDENCE = {
    Visibility.OUTSIDE: 0.0,
    Visibility.OCCLUDED: 0.0,
    Visibility.SELF_OCCLUDED: 0.5,
    Visibility.VISIBLE: 1.0,
}
"""What a joint's confidence says: 0 = it is not in the crop or something else covers it, 0.5 = the own body does, 1 = seen."""


@dataclass(frozen=True, slots=True)
class Usable:
    """Which people are worth a crop.

    Attributes:
        height_px: at least so high.
        visible: at least so much of the silhouette is seen.
        joints: at least so many of the 19 are visible.
    """

    height_px: float = 64
    visible: float = 0.6
    joints: int = 8


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One person, cut out.

    Attributes:
        pid: who.
        image: uint8 RGB (h, w, 3).
        keypoints: float32 (J, 3): x and y in [0, 1] of the crop where it is in it, and :data:`CONFIDENCE`.
        iuv: uint8 (h, w, 3): part id, and u and v of 255; other people are background.
    """

    pid: int
    image: UInt8Array
    keypoints: Float32Array
    iuv: UInt8Array


def crops(frame: SyntheticFrame, usable: Usable, random: np.random.Generator) -> Iterator[Crop]:
    """The usable people of a frame, in order of their pids."""
    truth = frame.truth
    for index in range(len(truth)):
        seen = int((truth.visibility[index] == Visibility.VISIBLE).sum())
        high, share = truth.boxes_xywh[index, 3], truth.visible_fraction[index]
        margins = random.uniform(*_MARGINS, 4)
        if high >= usable.height_px and share >= usable.visible and seen >= usable.joints:
            yield _crop(frame, index, margins)


def _crop(frame: SyntheticFrame, index: int, margins: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Crop:
    truth = frame.truth
    x, y, width, height = truth.boxes_xywh[index].tolist()
    size = np.array((width, height, width, height))
    first_x, first_y = np.maximum(np.floor((x, y) - margins[:2] * size[:2]), 0).astype(int).tolist()
    last_x, last_y = np.minimum(np.ceil((x + width, y + height) + margins[2:] * size[2:]), truth.size_wh).astype(int).tolist()
    window = slice(first_y, last_y), slice(first_x, last_x)
    return Crop(
        int(truth.pids[index]),
        np.ascontiguousarray(frame.image[window]),
        _keypoints(truth, index, (first_x, first_y, last_x, last_y)),
        iuv_of(truth, index)[window].copy(),
    )


def _keypoints(truth: FrameTruth, index: int, window: tuple[int, int, int, int]) -> Float32Array:
    first_x, first_y, last_x, last_y = window
    xy = (truth.joints_xy[index] - (first_x, first_y)) / (last_x - first_x, last_y - first_y)
    confidence = np.array([CONFIDENCE[Visibility(state)] for state in truth.visibility[index]], np.float32)
    confidence[((xy < 0) | (xy > 1)).any(axis=1)] = 0
    return np.concatenate([xy, confidence[:, None]], axis=1).astype(np.float32)


def iuv_of(truth: FrameTruth, index: int) -> UInt8Array:
    """uint8 (H, W, 3): part id, and u and v of 255, of one person of the frame."""
    mine = truth.owner == index + 1
    maps = (truth.dense.part[0], np.rint(truth.dense.u[0] * 255), np.rint(truth.dense.v[0] * 255))
    return np.stack([np.where(mine, each, 0).astype(np.uint8) for each in maps], axis=-1)
