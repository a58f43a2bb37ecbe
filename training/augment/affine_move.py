"""The picture turned, zoomed, stretched and moved, all in one step: it is sampled once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.augment.view import View


@dataclass(frozen=True, slots=True)
class AffineMove:
    """About the middle of the picture, in its own pixels (a turn bends nobody), then brought to the net's size.

    Attributes:
        rotate: greatest turn, degrees, drawn uniformly either way.
        zoom: factor of the size, from and to, drawn uniformly in its logarithm.
        stretch: greatest relative change of the width, and of the height, each drawn by itself.
        shift: greatest move, as a part of the picture's sides, each drawn by itself.
        size_hw: of the result.
    """

    rotate: float
    zoom: tuple[float, float]
    stretch: float
    shift: float
    size_hw: tuple[int, int]

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        sides = np.array(view.size_hw[::-1], np.float64)
        angle = math.radians(rng.uniform(-self.rotate, self.rotate))
        low, high = self.zoom
        size = math.exp(rng.uniform(math.log(low), math.log(high))) * (1 + rng.uniform(-self.stretch, self.stretch, 2))
        moved = rng.uniform(-self.shift, self.shift, 2) * sides
        to_net = np.array(self.size_hw[::-1]) / sides
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        linear: NDArray[np.float64] = np.diag(to_net * size) @ turn
        middle = to_net * (sides / 2 + moved) - linear @ (sides / 2)
        return view.warped(np.column_stack([linear, middle]), self.size_hw)
