"""Batch-hard triplet loss (Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017, eq. 5).

Legend: N samples of a batch, D features, A anchors that have both a positive and a negative.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.batch import Targets
from training.nets.system import Outputs


class TripletLoss:
    """Mean over anchors of max(0, margin + d(a, p) - d(a, n)): p the farthest of its identity, n the nearest of another.

    Distances are Euclidean. An anchor without a positive (other than itself) or without a negative does not count.

    Args:
        feature: name among ``Outputs.features``.
        margin: None = the soft margin, ln(1 + exp(d(a, p) - d(a, n))).
        normalised: compare features of length 1.
    """

    def __init__(self, feature: str, *, margin: float | None = 0.3, normalised: bool = False) -> None:
        self._feature = feature
        self._margin = margin
        self._normalised = normalised

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        features = outputs.features[self._feature].float()
        if self._normalised:
            features = functional.normalize(features, dim=1)
        same = targets.classes[:, None] == targets.classes[None, :]
        to_positive, to_negative = batch_hard(features, positives=same, negatives=~same)
        return triplet_hinge(to_positive - to_negative, self._margin, features)


def batch_hard(features: Tensor, *, positives: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor]:
    """Distances of every anchor to its farthest positive and nearest negative, each (A,).

    Which they are is chosen without gradients on the matrix of squared distances; the distances themselves are then taken of
    the differences, so they are exact for near neighbours too, and have a gradient of 0 where they are 0.

    Args:
        features: float32 (N, D).
        positives, negatives: bool (N, N), anchor x other: who may be chosen. Nobody is a positive of itself.
    """
    squared = _squared_distances(features.detach())
    others = positives & ~torch.eye(len(features), dtype=torch.bool, device=features.device)
    anchors = torch.nonzero(others.any(dim=1) & negatives.any(dim=1)).squeeze(1)
    if len(anchors) == 0:
        return features.new_zeros(0), features.new_zeros(0)
    farthest = squared.masked_fill(~others, -torch.inf)[anchors].argmax(dim=1)
    nearest = squared.masked_fill(~negatives, torch.inf)[anchors].argmin(dim=1)
    anchored = features[anchors]
    return euclidean(anchored, features[farthest]), euclidean(anchored, features[nearest])


def triplet_hinge(gaps: Tensor, margin: float | None, features: Tensor) -> Tensor:
    """Mean of max(0, margin + gap), or of ln(1 + exp(gap)) without a margin; over no gap 0, with a gradient of 0. Scalar."""
    if len(gaps) == 0:
        return features.sum() * 0
    return functional.softplus(gaps).mean() if margin is None else functional.relu(gaps + margin).mean()


def euclidean(first: Tensor, second: Tensor) -> Tensor:
    """Row by row: (A, D), (A, D) -> (A,). The gradient where both are the same is 0, not the root's infinity."""
    squared = (first - second).square().sum(dim=1)
    apart = squared > 0
    return torch.where(apart, torch.where(apart, squared, 1.0).sqrt(), 0.0)


def _squared_distances(features: Tensor) -> Tensor:
    """(N, D) -> (N, N), in float32 even under autocast: bfloat16 could not tell near neighbours apart."""
    with torch.autocast(features.device.type, enabled=False):
        norms = features.square().sum(dim=1)
        return norms[:, None] + norms[None, :] - 2 * features @ features.T
