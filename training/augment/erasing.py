"""Random erasing (Zhong et al., AAAI 2020): a rectangle of the picture is lost, as behind something that stands before it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.augment.view import MEAN_COLOUR, View

AREA = (0.02, 0.4)
ASPECT = (0.3, 1 / 0.3)
"""Of the rectangle: part of the picture's area, and height by width; the paper's values."""
_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class RandomErasing:
    """With this probability a rectangle is filled with the mean colour, or with noise.

    What lies in it counts as hidden behind something: its key points are invisible, its dense coordinates background. A net
    that pools parts sees there what it sees of a hidden part at test.
    """

    probability: float
    fill: Literal["mean", "noise"] = "mean"

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        if rng.random() >= self.probability:
            return view
        box = _rectangle(view.size_hw, rng)
        return view if box is None else self._erased(view, box, rng)

    def _erased(self, view: View, box: tuple[int, int, int, int], rng: np.random.Generator) -> View:
        left, top, right, bottom = box
        shape = (bottom - top, right - left, 3)
        noise = self.fill == "noise"
        pixels = rng.integers(0, 256, shape, np.uint8) if noise else np.broadcast_to(np.array(MEAN_COLOUR, np.uint8), shape)
        return view.covered(left, top, pixels)


def _rectangle(size_hw: tuple[int, int], rng: np.random.Generator) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of a rectangle that fits; None where a hundred draws give none."""
    height, width = size_hw
    for _ in range(_ATTEMPTS):
        area = rng.uniform(*AREA) * height * width
        aspect = math.exp(rng.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
        down, across = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < down < height and 0 < across < width:
            left, top = int(rng.integers(width - across + 1)), int(rng.integers(height - down + 1))
            return left, top, left + across, top + down
    return None
