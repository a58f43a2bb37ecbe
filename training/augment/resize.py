"""The stretch to a size, as the stream and the questions crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.augment.view import View


@dataclass(frozen=True, slots=True)
class Resize:
    """Stretch to ``size_hw``; draws nothing."""

    size_hw: tuple[int, int]

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        return view.resized(self.size_hw)
