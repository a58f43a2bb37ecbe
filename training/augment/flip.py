"""The mirror image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.augment.view import View


@dataclass(frozen=True, slots=True)
class Flip:
    """Left to right with this probability; left and right joints and parts change names."""

    probability: float

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        return view.mirrored() if rng.random() < self.probability else view
