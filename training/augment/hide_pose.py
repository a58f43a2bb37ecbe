"""People of whom no joint is known: a net that pools parts has to do well without them too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.augment.view import View


@dataclass(frozen=True, slots=True)
class HidePose:
    """With ``probability`` every joint is invisible; the picture stays."""

    probability: float

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        if view.keypoints is None or rng.random() >= self.probability:
            return view
        return View(view.image, np.zeros_like(view.keypoints), view.iuv)
