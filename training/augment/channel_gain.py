"""A random gain of each colour channel alone: another white balance."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training.augment.view import View


@dataclass(frozen=True, slots=True)
class ChannelGain:
    """Red, green and blue times factors drawn from [1 - strength, 1 + strength], rounded and clipped."""

    strength: float

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        gains = rng.uniform(1 - self.strength, 1 + self.strength, 3)
        return view.recoloured(np.asarray(cv2.transform(view.image, np.diag(gains)), np.uint8))
