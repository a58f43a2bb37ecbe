"""Pose-constrained triplet loss ("Person Re-identification with Joint-loss", Liu et al., section III-C, eq. 3).

The paper gives the inequality d(f(a), f(p)) - d(f(a), f(n)) < alpha and the name, but no rule for the constraint. Ours:

    an anchor is compared with people who stand as it does, by :func:`training.losses.comparable_poses.comparable_poses`:
    p is the farthest picture of its identity, and n the nearest of another, *among the comparable ones*.

So what separates a triplet is the person, not the pose. Where an anchor has no comparable positive it takes all its positives,
and likewise its negatives: no anchor of the plain batch-hard loss is lost, and on a batch without visible joints the two
losses are one. As each choice is among fewer, the loss is never above the plain one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.batch import Targets
from training.config import Config
from training.losses.comparable_poses import comparable_poses
from training.losses.triplet import batch_hard, triplet_hinge
from training.nets.system import Outputs


class PoseConstraint(Config):
    """When two people stand alike; the paper leaves all of it open.

    Attributes:
        max_distance: of :func:`~training.losses.comparable_poses.pose_distances`. On Market-1501 three in four pairs that face
            the same way are within 0.5, and one in twenty of the others; with four pictures an identity, one anchor in five
            has no comparable positive.
        min_joints: that both must show.
    """

    max_distance: float = 0.5
    min_joints: int = 6


class PoseTripletLoss:
    """Mean over anchors of max(0, margin + d(a, p) - d(a, n)), p and n chosen among comparable poses.

    Args:
        feature: name among ``Outputs.features``.
        aspect: width by height of the pictures before they were stretched to one size.
        constraint: the rule; None = plain batch-hard.
        margin: alpha of eq. 3, which the paper does not give; None = the soft margin.
        normalised: compare features of length 1, as the search does.
    """

    def __init__(
        self,
        feature: str,
        *,
        aspect: float = 0.5,
        constraint: PoseConstraint | None,
        margin: float | None = 0.3,
        normalised: bool = True,
    ) -> None:
        self._feature = feature
        self._aspect = aspect
        self._constraint = constraint
        self._margin = margin
        self._normalised = normalised

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        """Raises ValueError where poses are to be compared and the targets hold no key points."""
        features = outputs.features[self._feature].float()
        if self._normalised:
            features = functional.normalize(features, dim=1)
        same = targets.classes[:, None] == targets.classes[None, :]
        itself = torch.eye(len(features), dtype=torch.bool, device=features.device)
        comparable = self._comparable(targets, same)
        to_positive, to_negative = batch_hard(
            features,
            positives=preferably(same & ~itself, comparable),
            negatives=preferably(~same, comparable),
        )
        return triplet_hinge(to_positive - to_negative, self._margin, features)

    def _comparable(self, targets: Targets, like: Tensor) -> Tensor:
        if self._constraint is None:
            return torch.ones_like(like)
        if targets.keypoints is None:
            raise ValueError("comparing poses needs key points, and the targets hold none")
        return comparable_poses(
            targets.keypoints,
            aspect=self._aspect,
            max_distance=self._constraint.max_distance,
            min_joints=self._constraint.min_joints,
        )


def preferably(candidates: Tensor, preferred: Tensor) -> Tensor:
    """In each row the preferred ones of the candidates, or all of them where none is preferred. bool (N, N)."""
    chosen = candidates & preferred
    return torch.where(chosen.any(dim=1, keepdim=True), chosen, candidates)
