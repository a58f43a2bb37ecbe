"""The batch-hard triplet loss, recomputed in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from training.batch import Targets
from training.losses.triplet import TripletLoss, batch_hard, euclidean
from training.nets.system import Outputs

CLASSES = [4, 4, 4, 1, 1, 1, 9, 9, 2]
"""The last is alone: it is nobody's positive, and no anchor."""


def targets(classes: list[int]) -> Targets:
    given = torch.tensor(classes, dtype=torch.int64)
    return Targets(given, torch.zeros_like(given), torch.zeros(len(classes), 0, dtype=torch.int64))


def loss_of(features: Tensor, classes: list[int], *, margin: float | None, normalised: bool = False) -> Tensor:
    term = TripletLoss("global", margin=margin, normalised=normalised)
    return term(Outputs(features={"global": features}), targets(classes))


def by_the_formula(features: np.ndarray, classes: list[int], margin: float | None) -> float:
    losses = []
    for anchor, identity in enumerate(classes):
        distances = np.linalg.norm(features - features[anchor], axis=1)
        positives = [d for i, d in enumerate(distances) if classes[i] == identity and i != anchor]
        negatives = [d for i, d in enumerate(distances) if classes[i] != identity]
        if positives and negatives:
            gap = max(positives) - min(negatives)
            losses.append(np.log1p(np.exp(gap)) if margin is None else max(0.0, margin + gap))
    return float(np.mean(losses))


@pytest.mark.parametrize("margin", [None, 0.3, 2.0])
@pytest.mark.parametrize("normalised", [False, True])
def test_it_is_the_formula(margin: float | None, normalised: bool) -> None:
    features = torch.randn(9, 6, generator=torch.Generator().manual_seed(0))
    compared = features.double().numpy()
    if normalised:
        compared = compared / np.linalg.norm(compared, axis=1, keepdims=True)
    expected = by_the_formula(compared, CLASSES, margin)
    assert expected > 0
    assert loss_of(features, CLASSES, margin=margin, normalised=normalised).item() == pytest.approx(expected, rel=1e-5)


def test_its_gradient_is_that_of_the_formula() -> None:
    features = torch.randn(9, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64).float().requires_grad_()
    loss_of(features, CLASSES, margin=None).backward()
    assert features.grad is not None
    point, step = features.detach().double().numpy(), 1e-6
    for index in np.ndindex(9, 4):
        moved = np.zeros_like(point)
        moved[index] = step
        slope = (by_the_formula(point + moved, CLASSES, None) - by_the_formula(point - moved, CLASSES, None)) / (2 * step)
        assert features.grad[index].item() == pytest.approx(slope, abs=1e-4)


@pytest.mark.parametrize("margin", [None, 0.3])
def test_pictures_that_are_the_same_have_a_finite_gradient(margin: float | None) -> None:
    features = torch.ones(4, 3, requires_grad=True)
    loss = loss_of(features, [0, 0, 1, 1], margin=margin)
    loss.backward()
    assert loss.item() == pytest.approx(np.log(2) if margin is None else margin)
    assert features.grad is not None
    assert features.grad.isfinite().all()


@pytest.mark.parametrize("classes", [[0, 0, 0], [0, 1, 2], []])
@pytest.mark.parametrize("margin", [None, 0.3])
def test_without_a_triplet_it_is_zero_with_no_gradient(classes: list[int], margin: float | None) -> None:
    features = torch.randn(len(classes), 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = loss_of(features, classes, margin=margin)
    loss.backward()
    assert loss.item() == 0
    assert features.grad is not None
    assert not features.grad.any()


def test_near_neighbours_far_from_the_origin_are_told_apart() -> None:
    """The distance is taken of the difference: the matrix of squares has lost these digits."""
    features = torch.tensor([[1000.0, 0.0], [1000.0, 0.125], [1000.0, 8.0], [1000.0, 9.0]])
    to_positive, _ = batch_hard(
        features,
        positives=torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=torch.bool),
        negatives=torch.tensor([[0, 0, 1, 1]] * 4, dtype=torch.bool),
    )
    assert to_positive.tolist() == [0.125, 0.125]


def test_a_mask_decides_who_may_be_chosen() -> None:
    features = torch.tensor([[0.0], [1.0], [5.0], [2.0], [3.0]])
    positives = torch.zeros(5, 5, dtype=torch.bool)
    positives[0, :2] = True
    negatives = torch.zeros(5, 5, dtype=torch.bool)
    negatives[0, 4] = True
    to_positive, to_negative = batch_hard(features, positives=positives, negatives=negatives)
    assert (to_positive.tolist(), to_negative.tolist()) == ([1.0], [3.0])


def test_the_distance_of_a_point_to_itself_has_no_gradient() -> None:
    first = torch.zeros(2, 3, requires_grad=True)
    distances = euclidean(first, torch.tensor([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]))
    distances.sum().backward()
    assert distances.tolist() == [0, 5]
    assert first.grad is not None
    torch.testing.assert_close(first.grad, torch.tensor([[0.0, 0.0, 0.0], [-0.6, -0.8, 0.0]]))


def test_under_autocast_neighbours_are_still_found() -> None:
    features = torch.randn(9, 64, generator=torch.Generator().manual_seed(3)) * 0.01 + 1
    expected = loss_of(features, CLASSES, margin=0.3)
    with torch.autocast("cpu", torch.bfloat16):
        assert loss_of(features, CLASSES, margin=0.3).item() == expected.item()
