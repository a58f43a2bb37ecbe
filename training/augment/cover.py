"""Something that stands before the person: a car, a bench, a passer-by."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sightline.types import UInt8Array
from training.augment.cut_off import drawn_side, rest_of
from training.augment.view import View

_PART = (0.1, 0.5)
"""Of the side that is covered."""


@dataclass(frozen=True, slots=True)
class Cover:
    """With this probability a band at one side is covered by a few blurred colours; joints there are invisible.

    Where random erasing teaches that rectangles of noise hide joints, this is smooth, as things are.
    """

    probability: float

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        if rng.random() >= self.probability:
            return view
        height, width = view.size_hw
        side, part = drawn_side(rng), rng.uniform(*_PART)
        left, top, right, bottom = rest_of((height, width), side, part)
        match side:
            case "bottom":
                return view.covered(0, bottom, _colours((height - bottom, width), rng))
            case "top":
                return view.covered(0, 0, _colours((top, width), rng))
            case "left":
                return view.covered(0, 0, _colours((height, left), rng))
            case "right":
                return view.covered(right, 0, _colours((height, width - right), rng))


def _colours(size_hw: tuple[int, int], rng: np.random.Generator) -> UInt8Array:
    """uint8 (h, w, 3): a few colours that run into one another, with a little noise."""
    few = rng.integers(0, 256, (int(rng.integers(1, 5)), int(rng.integers(1, 4)), 3)).astype(np.float32)
    smooth = cv2.resize(few, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_LINEAR)
    noise = rng.normal(0, rng.uniform(0, 12), (*size_hw, 1)).astype(np.float32)
    return np.asarray(np.clip(smooth + noise, 0, 255), np.uint8)
