"""BN-neck (Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification", CVPRW 2019, section 3.5)."""

from __future__ import annotations

from torch import nn


class BNNeck(nn.BatchNorm1d):
    """(N, features) -> (N, features): the triplet compares its input, the classifier and the search its output.

    Its shift is fixed at 0, so classes are told apart by hyperplanes through the origin, as the cosine of the search does.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.bias.requires_grad_(False)
