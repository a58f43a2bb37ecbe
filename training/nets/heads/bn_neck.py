"""BN-neck (Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification", CVPRW 2019, section 3.5)."""

from __future__ import annotations

import torch
from torch import nn


class BNNeck(nn.BatchNorm1d):
    """(N, features) -> (N, features): the triplet compares its input, the classifier and the search its output.

    Its shift is fixed at 0, so classes are told apart by hyperplanes through the origin, as the cosine of the search does: it
    is a buffer, so that nothing that freezes and thaws parameters can make it learn.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features)
        del self.bias
        self.register_buffer("bias", torch.zeros(features))
