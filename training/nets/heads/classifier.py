"""From a descriptor to classes."""

from __future__ import annotations

from torch import nn


class Classifier(nn.Sequential):
    """(N, features) -> logits (N, classes); its weights begin near 0, so the first loss is ln(classes).

    Args:
        dropout: part of the features left out while learning.
        bias: without it behind a BN-neck.
    """

    def __init__(self, features: int, classes: int, *, dropout: float = 0.0, bias: bool = True) -> None:
        linear = nn.Linear(features, classes, bias=bias)
        nn.init.normal_(linear.weight, std=0.001)
        if bias:
            nn.init.zeros_(linear.bias)
        super().__init__(*((nn.Dropout(dropout),) if dropout else ()), linear)
