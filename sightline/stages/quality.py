"""How good a detection's crop is for re-identification: the number that decides which crops are worth embedding."""

from __future__ import annotations

import numpy as np

from sightline.geometry import box_areas
from sightline.types import Detections, Float32Array

_FULL_HEIGHT_PX = 128.0
"""Taller people gain nothing: re-identification nets see 128-256 rows."""
_CUT_OFF = 0.5
"""Factor for a box that touches the picture's border: part of the person is outside."""
_BORDER_PX = 2.0


def crop_quality(detections: Detections, picture_wh: tuple[int, int]) -> Float32Array:
    """Quality of each of N crops in [0, 1], float32 (N,).

    The product of the detector's confidence, the height (up to 128 px), a factor for being cut off by the picture's
    border, and the part of the box that no other person's box in front covers (in front = its feet are lower). Where there are
    dense coordinates, how much of the person is seen (:func:`sightline.stages.visibility.seen_fraction`) is a factor more.
    """
    boxes = detections.boxes_xyxy
    height = np.clip((boxes[:, 3] - boxes[:, 1]) / _FULL_HEIGHT_PX, 0, 1)
    width_px, height_px = picture_wh
    inside = (boxes[:, :2] > _BORDER_PX).all(axis=1) & (boxes[:, 2] < width_px - _BORDER_PX)
    inside &= boxes[:, 3] < height_px - _BORDER_PX
    whole = np.where(inside, 1.0, _CUT_OFF)
    quality = detections.scores * height * whole * (1 - _covered(boxes))
    return np.asarray(np.clip(quality, 0, 1), np.float32)


def _covered(boxes_xyxy: Float32Array) -> Float32Array:
    """The largest part of each box that one box in front of it covers, in [0, 1]. (N, 4) -> (N,)"""
    top_left = np.maximum(boxes_xyxy[:, None, :2], boxes_xyxy[None, :, :2])
    bottom_right = np.minimum(boxes_xyxy[:, None, 2:], boxes_xyxy[None, :, 2:])
    shared = np.prod(np.clip(bottom_right - top_left, 0, None), axis=-1, dtype=np.float32)
    in_front = boxes_xyxy[None, :, 3] > boxes_xyxy[:, None, 3]
    areas = np.maximum(box_areas(boxes_xyxy), 1e-6)
    covered = np.where(in_front, shared / areas[:, None], 0)
    return np.asarray(covered.max(axis=1, initial=0), np.float32)
