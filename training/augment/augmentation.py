"""An augmentation: draws from a generator, and gives another view."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from training.augment.view import View


class Augmentation(Protocol):
    """Deterministic by the view and the generator; thread-safe; never changes the view that it is given."""

    def __call__(self, view: View, rng: np.random.Generator) -> View: ...
