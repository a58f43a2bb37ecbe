"""People with the joints that a model finds on them: pairs, what is found on the left, what is true on the right."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from sightline.skeleton_drawing import draw_skeleton
from sightline.types import Float32Array, UInt8Array

_TILE_HW = (256, 160)
_PAIRS_A_ROW = 6
_GAP = 6
_PAPER = 246


def skeleton_sheet(
    images: Sequence[UInt8Array],
    found: Sequence[Float32Array] | Float32Array,
    true: Sequence[Float32Array],
    *,
    min_confidence: float = 0.3,
) -> UInt8Array:
    """Pairs of pictures, six pairs a row; uint8 RGB (H, W, 3).

    Args:
        images: uint8 RGB (H, W, 3) of any size, each of one person; at least one.
        found, true: float32 (19, 3) each, pixels of their picture and confidence.
        min_confidence: joints that are less sure are not drawn.
    """
    pairs = [
        np.concatenate([_tile(image, joints, min_confidence) for joints in (ours, theirs)], axis=1)
        for image, ours, theirs in zip(images, found, true, strict=True)
    ]
    blank = np.full_like(pairs[0], _PAPER)
    rows = []
    for start in range(0, len(pairs), _PAIRS_A_ROW):
        row = pairs[start : start + _PAIRS_A_ROW]
        row += [blank] * (min(_PAIRS_A_ROW, len(pairs)) - len(row))
        rows.append(np.concatenate([_framed(pair) for pair in row], axis=1))
    return np.concatenate(rows)


def _tile(image: UInt8Array, keypoints: Float32Array, min_confidence: float) -> UInt8Array:
    """The person at the size of a tile, as large as fits, with its joints."""
    height, width = image.shape[:2]
    scale = min(_TILE_HW[0] / height, _TILE_HW[1] / width)
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    large = np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
    to_tile = np.array([size_wh[0] / width, size_wh[1] / height, 1], np.float32)
    tile = np.full((*_TILE_HW, 3), _PAPER, np.uint8)
    tile[: size_wh[1], : size_wh[0]] = draw_skeleton(large, keypoints * to_tile, min_confidence=min_confidence)
    return tile


def _framed(pair: UInt8Array) -> UInt8Array:
    return np.pad(pair, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=_PAPER)
