"""One frame on its way to the detector, and placing it on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sightline.geometry import LETTERBOX_FILL, box_areas
from sightline.types import Float32Array, UInt8Array

Window = tuple[int, int, int, int]
"""Left, top, right, bottom of a part of a canvas, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameView:
    """What the net will see, so far.

    Attributes:
        image: uint8 RGB (H, W, 3).
        boxes: float32 (B, 4): xyxy pixels of it.

    Raises:
        ValueError: another shape or dtype.
    """

    image: UInt8Array
    boxes: Float32Array

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(f"image: expected uint8 (H, W, 3), got {self.image.dtype} {self.image.shape}")
        if self.boxes.ndim != 2 or self.boxes.shape[1] != 4 or self.boxes.dtype != np.float32:
            raise ValueError(f"boxes: expected float32 (B, 4), got {self.boxes.dtype} {self.boxes.shape}")

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a frame lies in a window: frame pixels times ``scale``, mirrored if so, then moved by ``left`` and ``top``."""

    scale: float
    left: float
    top: float
    mirrored: bool = False


def drawn_placement(
    frame_hw: tuple[int, int], window_hw: tuple[int, int], scale: float, mirrored: bool, rng: np.random.Generator
) -> Placement:
    """A frame anywhere in a window: wholly within it along a side where it is smaller, covering it where it is larger.

    Args:
        frame_hw, window_hw: height and width of both, pixels.
        scale: of the frame's size, where 1 just fits it into the window.
        mirrored: left to right.
        rng: draws the place.
    """
    fitting = scale * min(window / frame for window, frame in zip(window_hw, frame_hw, strict=True))
    top, left = (
        rng.uniform(min(0.0, window - fitting * frame), max(0.0, window - fitting * frame))
        for window, frame in zip(window_hw, frame_hw, strict=True)
    )
    return Placement(fitting, left, top, mirrored)


def place(view: FrameView, placement: Placement, canvas: UInt8Array, window: Window, *, least_seen: float) -> Float32Array:
    """Draw a frame into a window of a canvas, in place; what it does not cover becomes the letterbox's grey.

    Args:
        view: the frame.
        placement: where, in pixels of the window.
        canvas: uint8 (H, W, 3).
        window: of the canvas.
        least_seen: people of whom a smaller part of the box is within the window have none.

    Returns:
        The boxes on the canvas, cut to the window: (B', 4).
    """
    left, top, right, bottom = window
    scale, width = placement.scale, view.size_hw[1]
    across, start = (-scale, placement.left + scale * width) if placement.mirrored else (scale, placement.left)
    # OpenCV's coordinates are those of the pixels' middles: half a pixel less than ours.
    matrix = np.array(
        [[across, 0, start + (across - 1) / 2], [0, scale, placement.top + (scale - 1) / 2]],
        np.float64,
    )
    canvas[top:bottom, left:right] = cv2.warpAffine(
        view.image, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR, borderValue=(LETTERBOX_FILL,) * 3
    )
    sides = view.boxes[:, [2, 0]] if placement.mirrored else view.boxes[:, [0, 2]]
    x, y = sides * across + start + left, view.boxes[:, [1, 3]] * scale + placement.top + top
    whole = np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1).astype(np.float32)
    cut = np.clip(whole, [left, top, left, top], [right, bottom, right, bottom]).astype(np.float32)
    return np.asarray(cut[box_areas(cut) >= np.maximum(least_seen * box_areas(whole), 1e-3)], np.float32)
