"""The joint loss: a weighted sum of named terms, each of them reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from training.batch import Targets
from training.losses.term import LossTerm
from training.nets.system import Outputs


@dataclass(frozen=True, slots=True)
class Weighted:
    """A term and its weight in the sum."""

    term: LossTerm
    weight: float = 1.0


class JointLoss(nn.Module):
    """sum_i weight_i * term_i.

    Args:
        terms: name -> term; at least one.

    Raises:
        ValueError: there is no term.
    """

    def __init__(self, terms: Mapping[str, Weighted]) -> None:
        super().__init__()
        if not terms:
            raise ValueError("a joint loss needs at least one term")
        self._terms = dict(terms)

    def forward(self, outputs: Outputs, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum, and each term before its weight, detached, for the report."""
        values = {name: weighted.term(outputs, targets) for name, weighted in self._terms.items()}
        total = sum(self._terms[name].weight * value for name, value in values.items())
        assert isinstance(total, Tensor), "there is at least one term"
        return total, {name: value.detach() for name, value in values.items()}
