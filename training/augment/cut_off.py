"""A person of whom the picture shows a part: at the edge of the frame, or in a box that is too small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.augment.view import View

Side = Literal["bottom", "top", "left", "right"]

_LARGEST = 0.5
"""Of the side that is cut."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """With this probability up to half of the picture is cut away at one side; joints there are invisible."""

    probability: float

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        if rng.random() >= self.probability:
            return view
        side, part = drawn_side(rng), rng.uniform(0, _LARGEST)
        left, top, right, bottom = rest_of(view.size_hw, side, part)
        return view.cut(left, top, (bottom - top, right - left))


def drawn_side(rng: np.random.Generator) -> Side:
    """The bottom half of the time: legs are what is hidden most."""
    sides: tuple[Side, ...] = ("bottom", "bottom", "bottom", "top", "left", "right")
    return sides[int(rng.integers(len(sides)))]


def rest_of(size_hw: tuple[int, int], side: Side, part: float) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what is left of a picture without this part of it (a pixel or more) at this side."""
    height, width = size_hw
    rows, columns = (min(length - 1, max(1, round(part * length))) for length in size_hw)
    match side:
        case "bottom":
            return 0, 0, width, height - rows
        case "top":
            return 0, rows, width, height
        case "left":
            return columns, 0, width, height
        case "right":
            return 0, 0, width - columns, height
