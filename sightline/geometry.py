"""Boxes, letterboxing and the one crop function that stream, training and import share.

Boxes are float32, ``xyxy`` pixels with an exclusive bottom-right corner. Images are uint8 RGB (H, W, 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sightline.spec import CropRule
from sightline.types import Float32Array, UInt8Array

LETTERBOX_FILL = 114
"""Grey that fills the rest of a letterboxed canvas, as detectors of the YOLO family were trained with."""

_INTERPOLATION = {"bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "cubic": cv2.INTER_CUBIC}


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture was fitted onto a canvas: ``canvas = picture * scale``, top-left aligned.

    Top-left alignment (not centred) is what the YOLOX family uses; the fill is :data:`LETTERBOX_FILL`.
    """

    scale: float
    picture_wh: tuple[int, int]

    def undo(self, boxes_xyxy: Float32Array) -> Float32Array:
        """Boxes of the canvas as boxes of the picture, clipped to it. (N, 4) -> (N, 4)."""
        return clip_boxes(boxes_xyxy / np.float32(self.scale), self.picture_wh)


def letterbox(image: UInt8Array, size_hw: tuple[int, int]) -> tuple[UInt8Array, Letterbox]:
    """Fit ``image`` onto a (h, w, 3) canvas without changing its aspect."""
    height, width = image.shape[:2]
    scale = min(size_hw[0] / height, size_hw[1] / width)
    fitted_wh = (max(1, int(width * scale)), max(1, int(height * scale)))
    canvas = np.full((*size_hw, 3), LETTERBOX_FILL, np.uint8)
    canvas[: fitted_wh[1], : fitted_wh[0]] = cv2.resize(image, fitted_wh, interpolation=cv2.INTER_LINEAR)
    return canvas, Letterbox(scale, (width, height))


def clip_boxes(boxes_xyxy: Float32Array, picture_wh: tuple[int, int]) -> Float32Array:
    """Boxes cut to the picture; a box outside it becomes one of no area. (N, 4) -> (N, 4)."""
    limit = np.array([*picture_wh, *picture_wh], np.float32)
    clipped: Float32Array = np.clip(boxes_xyxy, 0, limit).astype(np.float32, copy=False)
    return clipped


def xyxy_to_xywh(boxes_xyxy: Float32Array) -> Float32Array:
    """Corner boxes as (x, y, width, height). (..., 4) -> (..., 4)."""
    top_left = boxes_xyxy[..., :2]
    return np.concatenate([top_left, boxes_xyxy[..., 2:] - top_left], axis=-1, dtype=np.float32)


def xywh_to_xyxy(boxes_xywh: Float32Array) -> Float32Array:
    """(x, y, width, height) boxes as corners. (..., 4) -> (..., 4)."""
    top_left = boxes_xywh[..., :2]
    return np.concatenate([top_left, top_left + boxes_xywh[..., 2:]], axis=-1, dtype=np.float32)


def box_areas(boxes_xyxy: Float32Array) -> Float32Array:
    """Areas in square pixels, 0 for inverted boxes. (N, 4) -> (N,)."""
    sides = np.clip(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0, None)
    areas: Float32Array = sides[:, 0] * sides[:, 1]
    return areas


def pairwise_iou(first_xyxy: Float32Array, second_xyxy: Float32Array) -> Float32Array:
    """Intersection over union of every pair. (N, 4), (M, 4) -> (N, M); 0 where both have no area."""
    top_left = np.maximum(first_xyxy[:, None, :2], second_xyxy[None, :, :2])
    bottom_right = np.minimum(first_xyxy[:, None, 2:], second_xyxy[None, :, 2:])
    sides = np.clip(bottom_right - top_left, 0, None)
    intersection: Float32Array = sides[..., 0] * sides[..., 1]
    union = box_areas(first_xyxy)[:, None] + box_areas(second_xyxy)[None, :] - intersection
    overlap: Float32Array = np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)
    return overlap


def expand_box(box_xyxy: Float32Array, ratio: float) -> Float32Array:
    """A box (4,) grown by ``ratio`` of its width and height, half on each side; not clipped."""
    margin = (box_xyxy[2:] - box_xyxy[:2]) * np.float32(ratio / 2)
    return np.concatenate([box_xyxy[:2] - margin, box_xyxy[2:] + margin])


def integer_box(box_xyxy: Float32Array, picture_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels that a box covers within the picture: (left, top, right, bottom), at least 1x1."""
    width, height = picture_wh
    left = int(np.clip(np.floor(box_xyxy[0]), 0, width - 1))
    top = int(np.clip(np.floor(box_xyxy[1]), 0, height - 1))
    right = int(np.clip(np.ceil(box_xyxy[2]), left + 1, width))
    bottom = int(np.clip(np.ceil(box_xyxy[3]), top + 1, height))
    return left, top, right, bottom


def crop_window(box_xyxy: Float32Array, rule: CropRule, picture_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """The pixels of the picture that :func:`crop` cuts out for a box (4,): (left, top, right, bottom)."""
    return integer_box(expand_box(box_xyxy, rule.expand), picture_wh)


def crop_view(box_xyxy: Float32Array, rule: CropRule, picture_wh: tuple[int, int]) -> Float32Array:
    """The rectangle of the picture that all of a crop shows: float32 (4,) x, y, width, height, pixels.

    The window of :func:`crop_window`; a letterboxed crop shows more than it, grey, on the right or below.
    """
    left, top, right, bottom = crop_window(box_xyxy, rule, picture_wh)
    view = np.array([left, top, right - left, bottom - top], np.float32)
    if rule.fit == "letterbox":
        height, width = rule.size_hw
        view[2:] = np.array([width, height], np.float32) / min(width / view[2], height / view[3])
    return view


def crop(image: UInt8Array, box_xyxy: Float32Array, rule: CropRule) -> UInt8Array:
    """Cut a person out and bring the cut to the model's size.

    Args:
        image: uint8 RGB (H, W, 3).
        box_xyxy: float32 (4,) in pixels of ``image``; parts outside are cut off.
        rule: the model's crop rule, from its ModelSpec.

    Returns:
        uint8 RGB (h, w, 3) with (h, w) = ``rule.size_hw``.
    """
    left, top, right, bottom = crop_window(box_xyxy, rule, (image.shape[1], image.shape[0]))
    cut = image[top:bottom, left:right]
    height, width = rule.size_hw
    if rule.fit == "letterbox":
        return letterbox(cut, (height, width))[0]
    resized = cv2.resize(cut, (width, height), interpolation=_INTERPOLATION[rule.interpolation])
    return np.asarray(resized, np.uint8)


def crops(image: UInt8Array, boxes_xyxy: Float32Array, rule: CropRule) -> UInt8Array:
    """:func:`crop` for each box. (H, W, 3), (N, 4) -> (N, h, w, 3)."""
    out = np.empty((len(boxes_xyxy), *rule.size_hw, 3), np.uint8)
    for index, box in enumerate(boxes_xyxy):
        out[index] = crop(image, box, rule)
    return out
