"""The loss of attribute heads; a label that nobody gave counts for nothing.

Legend: N people, A attributes, V the values of one attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from sightline.attributes import MISSING
from training.batch import Targets
from training.nets.system import Outputs

HeadLoss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Logits (N, V), labels int64 (N,) with :data:`~training.batch.MISSING` -> a scalar."""


def softmax_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Equation 8 of LRDNN: -log p of the true value, the mean over the labelled; 0 where nobody is."""
    total = functional.cross_entropy(logits.float(), labels, ignore_index=MISSING, reduction="sum")
    return total / (labels != MISSING).sum().clamp(min=1)


def binary_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """One question a value, yes or no: the sum over values of its binary cross-entropy, the mean over the labelled."""
    labelled = labels != MISSING
    values = torch.arange(logits.shape[1], device=labels.device)
    true = (labels[:, None] == values).to(torch.float32)
    questions = functional.binary_cross_entropy_with_logits(logits.float(), true, reduction="none")
    return (questions.sum(dim=1) * labelled).sum() / labelled.sum().clamp(min=1)


class AttributeLoss:
    """The sum over attributes of each head's loss (LRDNN: identity and attributes count alike).

    Args:
        names: of the attributes, in the order of ``Targets.attributes``; the head of each is ``attribute/<name>``.
        head_loss: :func:`softmax_loss` or :func:`binary_loss`.

    Raises:
        ValueError: there is no attribute; or called with outputs that lack one, or targets with another number of them.
    """

    def __init__(self, names: Sequence[str], *, head_loss: HeadLoss = softmax_loss) -> None:
        if not names:
            raise ValueError("an attribute loss needs at least one attribute")
        self._names = tuple(names)
        self._head_loss = head_loss

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        columns = targets.attributes
        if columns.shape[1] != len(self._names):
            raise ValueError(f"expected labels of {len(self._names)} attributes, got {columns.shape[1]}")
        lacking = [name for name in self._names if f"attribute/{name}" not in outputs.logits]
        if lacking:
            raise ValueError(f"expected a head of each attribute; the outputs lack {', '.join(lacking)}")
        losses = [
            self._head_loss(outputs.logits[f"attribute/{name}"], columns[:, index]) for index, name in enumerate(self._names)
        ]
        return torch.stack(losses).sum()
