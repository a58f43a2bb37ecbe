"""A loss term: one number from what a system says and what is true."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from training.batch import Targets
from training.nets.system import Outputs


class LossTerm(Protocol):
    """Called with a batch's outputs and targets; gives a scalar, float32, differentiable.

    A term over nothing (no attribute is labelled, no triplet is valid) is 0 with a gradient of 0, never NaN.
    """

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor: ...
