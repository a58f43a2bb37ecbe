"""Random generators by purpose and numbers: who draws what never depends on who drew before, or in which thread."""

from __future__ import annotations

from typing import Literal

import numpy as np

_PURPOSES = {"order": 1, "augmentation": 2, "disturbance": 3}


def generator(purpose: Literal["order", "augmentation", "disturbance"], *numbers: int) -> np.random.Generator:
    """The generator of (purpose, seed, epoch, …).

    The purpose comes first, and the numbers' count second, because numpy's seeds are padded with zeros: (1, 2) and (1, 2, 0)
    would be the same.
    """
    return np.random.default_rng((_PURPOSES[purpose], len(numbers), *numbers))
