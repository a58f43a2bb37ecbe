"""The pose-constrained triplet loss, recomputed from its formula."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from training.batch import Targets
from training.losses.comparable_poses import comparable_poses
from training.losses.pose_triplet import PoseConstraint, PoseTripletLoss, preferably
from training.losses.triplet import TripletLoss
from training.nets.system import Outputs

ASPECT = 0.5
MARGIN = 0.3


def sample(seed: int, *, count: int = 12, identities: int = 4) -> tuple[Outputs, Targets]:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(count, 5, generator=generator)
    classes = torch.randint(identities, (count,), generator=generator)
    # Two poses, drawn with small differences, so that some pairs are comparable and some are not.
    poses = torch.rand(2, 19, 2, generator=generator)
    which = torch.randint(2, (count,), generator=generator)
    keypoints = torch.ones(count, 19, 3)
    keypoints[..., :2] = poses[which] + 0.05 * torch.rand(count, 19, 2, generator=generator)
    keypoints[..., 2] = (torch.rand(count, 19, generator=generator) < 0.8).float()
    return with_keypoints(features, classes, keypoints)


def with_keypoints(features: Tensor, classes: Tensor, keypoints: Tensor | None) -> tuple[Outputs, Targets]:
    nothing = torch.zeros(len(classes), 0, dtype=torch.int64)
    return Outputs(features={"fused": features}), Targets(classes, torch.ones_like(classes), nothing, keypoints)


def by_formula(features: Tensor, classes: Tensor, comparable: Tensor) -> float:
    """Eq. 3 with a margin, anchor by anchor."""
    unit = functional.normalize(features, dim=1)
    hinges = []
    for anchor in range(len(classes)):
        positives = [i for i in range(len(classes)) if i != anchor and classes[i] == classes[anchor]]
        negatives = [i for i in range(len(classes)) if classes[i] != classes[anchor]]
        if not positives or not negatives:
            continue
        positives = [i for i in positives if comparable[anchor, i]] or positives
        negatives = [i for i in negatives if comparable[anchor, i]] or negatives
        farthest = max(math.dist(unit[anchor].tolist(), unit[i].tolist()) for i in positives)
        nearest = min(math.dist(unit[anchor].tolist(), unit[i].tolist()) for i in negatives)
        hinges.append(max(0.0, MARGIN + farthest - nearest))
    return sum(hinges) / len(hinges) if hinges else 0.0


@pytest.mark.parametrize("seed", range(5))
def test_equals_its_formula(seed: int) -> None:
    outputs, targets = sample(seed)
    assert targets.keypoints is not None
    rule = PoseConstraint()
    comparable = comparable_poses(targets.keypoints, aspect=ASPECT, max_distance=rule.max_distance, min_joints=rule.min_joints)
    assert comparable.any()
    assert not comparable.all(), "the sample has to hold both kinds of pairs"
    loss = PoseTripletLoss("fused", aspect=ASPECT, constraint=rule, margin=MARGIN)(outputs, targets)
    assert float(loss) == pytest.approx(by_formula(outputs.features["fused"], targets.classes, comparable), abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), max_distance=st.floats(0.0, 2.0))
def test_is_never_above_the_plain_batch_hard_loss(seed: int, max_distance: float) -> None:
    outputs, targets = sample(seed)
    constrained = PoseTripletLoss("fused", aspect=ASPECT, constraint=PoseConstraint(max_distance=max_distance))
    plain = PoseTripletLoss("fused", constraint=None)
    assert float(constrained(outputs, targets)) <= float(plain(outputs, targets)) + 1e-6


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_without_comparable_pairs_it_is_the_plain_loss(seed: int) -> None:
    outputs, targets = sample(seed)
    unseen = with_keypoints(outputs.features["fused"], targets.classes, torch.zeros(len(targets.classes), 19, 3))
    plain = TripletLoss("fused", margin=MARGIN, normalised=True)
    fallen_back = PoseTripletLoss("fused", constraint=PoseConstraint(), margin=MARGIN)(*unseen)
    torch.testing.assert_close(fallen_back, plain(*unseen))


def test_a_comparable_negative_is_taken_before_a_nearer_one_of_another_pose() -> None:
    standing, crouching = torch.rand(2, 19, 2, generator=torch.Generator().manual_seed(3))
    keypoints = torch.ones(4, 19, 3)
    keypoints[:, :, :2] = torch.stack([standing, standing, standing, crouching])
    features = torch.tensor([[1.0, 0.0], [0.8, 0.6], [-1.0, 0.0], [0.96, 0.28]])
    outputs, targets = with_keypoints(features, torch.tensor([0, 0, 1, 2]), keypoints)
    loss = PoseTripletLoss("fused", constraint=PoseConstraint(max_distance=0.1), margin=0.0)(outputs, targets)
    # Anchors 0 and 1 meet person 1, far away, rather than person 2, near but crouching; the others have no positive.
    assert float(loss) == 0.0
    unconstrained = PoseTripletLoss("fused", constraint=None, margin=0.0)(outputs, targets)
    assert float(unconstrained) > 0.1


def test_learns_from_features_and_gives_zero_over_nothing() -> None:
    features = torch.randn(3, 4, requires_grad=True)
    loss = PoseTripletLoss("fused", constraint=PoseConstraint())
    total = loss(*with_keypoints(features, torch.tensor([0, 1, 2]), torch.ones(3, 19, 3)))
    total.backward()
    assert float(total) == 0
    assert features.grad is not None
    assert not features.grad.any()


def test_key_points_are_needed_where_poses_are_compared() -> None:
    features, classes = torch.randn(4, 3), torch.tensor([0, 0, 1, 1])
    with pytest.raises(ValueError, match="needs key points"):
        PoseTripletLoss("fused", constraint=PoseConstraint())(*with_keypoints(features, classes, None))
    PoseTripletLoss("fused", constraint=None)(*with_keypoints(features, classes, None))


def test_preferring_keeps_rows_without_a_preferred_candidate() -> None:
    candidates = torch.tensor([[True, True, False], [True, True, False], [False, False, False]])
    preferred = torch.tensor([[False, True, True], [False, False, True], [True, True, True]])
    assert preferably(candidates, preferred).tolist() == [[False, True, False], [True, True, False], [False, False, False]]
