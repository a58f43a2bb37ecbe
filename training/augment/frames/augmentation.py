"""From frames of any size to one canvas of the net's: other places, sizes, company and colours."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from sightline.errors import ConfigurationError
from sightline.types import Float32Array, UInt8Array
from training.augment.colour_jitter import jittered
from training.augment.frames.config import FrameAugmentConfig
from training.augment.frames.view import FrameView, Window, drawn_placement, place

_MIDDLE = (0.35, 0.65)
"""Where the four frames of a mosaic meet, as parts of the canvas."""


class FrameAugmentation:
    """Deterministic by the frames and the generator; thread-safe.

    Raises:
        ConfigurationError: the range of scales is none.
    """

    def __init__(self, config: FrameAugmentConfig) -> None:
        for name, (low, high) in (("scale", config.scale), ("mosaic_scale", config.mosaic_scale)):
            if not 0 < low <= high:
                raise ConfigurationError(f"frames.{name}: expected 0 < from <= to, got {(low, high)}")
        self._config = config

    def __call__(
        self, first: FrameView, another: Callable[[], FrameView], size_hw: tuple[int, int], rng: np.random.Generator
    ) -> FrameView:
        """One view of the net's size.

        Args:
            first: the frame whose turn it is.
            another: gives one of the others, for mosaics (Bochkovskiy et al., "YOLOv4", 2020); it may draw from ``rng``.
            size_hw: of the canvas, pixels.
            rng: draws all of it.
        """
        canvas = np.empty((*size_hw, 3), np.uint8)
        if rng.random() < self._config.mosaic:
            scales, windows = self._config.mosaic_scale, _quarters(size_hw, rng)
        else:
            scales, windows = self._config.scale, [(0, 0, size_hw[1], size_hw[0])]
        frames = [first, *(another() for _ in windows[1:])]
        boxes = [self._placed(frame, canvas, window, scales, rng) for frame, window in zip(frames, windows, strict=True)]
        return FrameView(self._coloured(canvas, rng), self._large_enough(np.concatenate(boxes)))

    def _placed(
        self, frame: FrameView, canvas: UInt8Array, window: Window, scales: tuple[float, float], rng: np.random.Generator
    ) -> Float32Array:
        left, top, right, bottom = window
        scale = math.exp(rng.uniform(math.log(scales[0]), math.log(scales[1])))
        mirrored = bool(rng.random() < self._config.flip)
        placement = drawn_placement(frame.size_hw, (bottom - top, right - left), scale, mirrored, rng)
        return place(frame, placement, canvas, window, least_seen=self._config.least_seen)

    def _large_enough(self, boxes: Float32Array) -> Float32Array:
        sides = boxes[:, 2:] - boxes[:, :2]
        return boxes[(sides >= self._config.least_side_px).all(axis=1)]

    def _coloured(self, image: UInt8Array, rng: np.random.Generator) -> UInt8Array:
        config = self._config
        brightness, contrast, saturation = rng.uniform(1 - config.colour_jitter, 1 + config.colour_jitter, 3)
        gains = rng.uniform(1 - config.channel_gain, 1 + config.channel_gain, 3)
        without_colours = rng.random() < config.grey
        gained = np.asarray(cv2.transform(image, np.diag(gains)), np.uint8)
        return jittered(gained, float(brightness), float(contrast), 0.0 if without_colours else float(saturation))


def _quarters(size_hw: tuple[int, int], rng: np.random.Generator) -> list[Window]:
    """Four windows that meet in a point near the middle."""
    height, width = size_hw
    x, y = (round(float(rng.uniform(*_MIDDLE)) * side) for side in (width, height))
    return [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
