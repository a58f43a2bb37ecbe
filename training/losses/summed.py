"""Several terms that share one weight."""

from __future__ import annotations

from torch import Tensor

from training.batch import Targets
from training.losses.term import LossTerm
from training.nets.system import Outputs


class SummedLoss:
    """term_1 + term_2 + …; reported as one.

    Raises:
        ValueError: there is no term.
    """

    def __init__(self, *terms: LossTerm) -> None:
        if not terms:
            raise ValueError("a summed loss needs at least one term")
        self._first, *self._others = terms

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        total = self._first(outputs, targets)
        for term in self._others:
            total = total + term(outputs, targets)
        return total
