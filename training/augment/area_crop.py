"""Random crop by area and aspect, as Deep-Person's section 4.2 and the usual ImageNet training have it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.augment.view import View

_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class AreaCrop:
    """A window at a random place, of a random part of the area and a random aspect.

    Both are of the picture as stretched to the net's size, so pictures of any shape lose alike. Where ten draws give no
    window that fits, the whole picture stays.

    Attributes:
        scale: the part of the area, from and to, drawn uniformly.
        aspect: height by width, from and to, drawn uniformly in its logarithm (2:1 is as likely as 1:2); None = the net's.
        size_hw: of the net's input.
    """

    scale: tuple[float, float]
    aspect: tuple[float, float] | None
    size_hw: tuple[int, int]

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        height, width = view.size_hw
        for _ in range(_ATTEMPTS):
            down, across = self._parts(rng)
            window_hw = (round(down * height), round(across * width))
            if 0 < window_hw[0] <= height and 0 < window_hw[1] <= width:
                left, top = rng.integers(width - window_hw[1] + 1), rng.integers(height - window_hw[0] + 1)
                return view.cut(int(left), int(top), window_hw)
        return view

    def _parts(self, rng: np.random.Generator) -> tuple[float, float]:
        """The window's height and width as parts of the picture's."""
        area = rng.uniform(*self.scale)
        if self.aspect is None:
            return math.sqrt(area), math.sqrt(area)
        low, high = self.aspect
        aspect = math.exp(rng.uniform(math.log(low), math.log(high))) * self.size_hw[1] / self.size_hw[0]
        return math.sqrt(area * aspect), math.sqrt(area / aspect)
