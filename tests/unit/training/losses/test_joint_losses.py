"""The losses of key points, recomputed from their formulas."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sightline.skeleton import JOINTS
from training.batch import Targets
from training.losses.joint_confidence import JointConfidenceLoss
from training.losses.joint_place import JointPlaceLoss, bells
from training.nets.system import Outputs

HEIGHT, WIDTH, J = 10, 6, len(JOINTS)
"""Cells: 8 x 4 of the crop, and one beyond on each side."""


def targets(keypoints: Tensor | None, annotated: Tensor | None = None) -> Targets:
    numbers = torch.zeros(2, dtype=torch.int64)
    return Targets(numbers, numbers, torch.zeros(2, 0, dtype=torch.int64), keypoints, annotated=annotated)


def keypoints(seed: int = 1) -> Tensor:
    return torch.rand(2, J, 3, generator=torch.Generator().manual_seed(seed)) + 1e-3


def maps(seed: int) -> Tensor:
    return torch.randn(2, J, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed))


def test_a_bell_is_a_distribution_round_the_place() -> None:
    bell = bells(torch.tensor([[[0.5, 0.25]]]), torch.zeros(1, 1, HEIGHT, WIDTH), 0.8).reshape(HEIGHT, WIDTH)
    assert float(bell.sum()) == pytest.approx(1)
    # x 0.5 of 4 cells, one beyond: the border of the cells 2 and 3; y 0.25 of 8: that of the cells 2 and 3.
    for row in range(HEIGHT):
        for column in range(WIDTH):
            ratio = math.exp(-((row - 2.5) ** 2 + (column - 2.5) ** 2 - 0.5) / (2 * 0.8**2))
            assert float(bell[row, column] / bell[2, 2]) == pytest.approx(ratio, rel=1e-4)


def test_the_place_is_a_cross_entropy_over_cells_without_its_least() -> None:
    points, logits = keypoints(), maps(2)
    points[0, 3, 2] = points[1, 5:, 2] = 0
    wanted = bells(points[..., :2], logits, 1.2)
    total, count = 0.0, 0
    for person in range(2):
        for joint in range(J):
            if points[person, joint, 2] > 0:
                q, log_p = wanted[person, joint], logits[person, joint].flatten().log_softmax(0)
                total += float(-(q * log_p).sum() + (q * q.log()).nan_to_num().sum())
                count += 1
    loss = JointPlaceLoss(spread=1.2)(Outputs(maps={"places": (logits,)}), targets(points))
    assert float(loss) == pytest.approx(total / count, rel=1e-4)


def test_the_true_bells_cost_nothing() -> None:
    points = keypoints()
    logits = bells(points[..., :2], maps(1), 1.0).log().reshape(2, J, HEIGHT, WIDTH)
    assert float(JointPlaceLoss()(Outputs(maps={"places": (logits,)}), targets(points))) == pytest.approx(0, abs=1e-5)


def test_without_a_known_joint_the_loss_and_its_gradient_are_zero() -> None:
    logits = maps(1).requires_grad_()
    loss = JointPlaceLoss()(Outputs(maps={"places": (logits,)}), targets(torch.zeros(2, J, 3)))
    loss.backward()
    assert float(loss) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_confidence_is_visibility_where_the_place_is_right_and_less_elsewhere() -> None:
    """One person's joints, all said to be in the middle of a cell; the others of the batch are not annotated."""
    points, annotated = torch.zeros(2, J, 3), torch.zeros(2, J, dtype=torch.bool)
    logits, seen = torch.full((2, J, HEIGHT, WIDTH), -40.0), torch.zeros(2, J, HEIGHT, WIDTH)
    logits[:, :, 4, 3] = 40.0  # of the crop: x (3 - 1 + 0.5) / 4, y (4 - 1 + 0.5) / 8
    seen[:, :, 4, 3] = 0.7
    here = torch.tensor([2.5 / 4, 3.5 / 8])
    annotated[0, :4] = True
    points[0, 0] = torch.cat([here, torch.tensor([1.0])])  # right and seen
    points[0, 1] = torch.cat([here, torch.tensor([0.5])])  # right, behind the own body
    points[0, 2] = torch.cat([here + torch.tensor([0.0, 0.05]), torch.tensor([1.0])])  # a tolerance away
    # the fourth is hidden: confidence 0
    loss = JointConfidenceLoss(tolerance=0.05)(Outputs(maps={"places": (logits,), "seen": (seen,)}), targets(points, annotated))
    expected = 0.0
    for wanted in (1.0, 0.5, math.exp(-0.5), 0.0):
        chance = 1 / (1 + math.exp(-0.7))
        expected -= wanted * math.log(chance) + (1 - wanted) * math.log(1 - chance)
    assert float(loss) == pytest.approx(expected / 4, rel=1e-4)


def test_a_step_across_is_as_long_as_one_down() -> None:
    """The crop is twice as high as wide: a tenth of the width is a twentieth of the height."""
    loss, losses = JointConfidenceLoss(tolerance=0.05), []
    logits = torch.full((2, J, HEIGHT, WIDTH), -40.0)
    logits[:, :, 4, 3] = 40.0
    for step in ((0.1, 0.0), (0.0, 0.05)):
        points = torch.tensor([2.5 / 4 + step[0], 3.5 / 8 + step[1], 1.0]).expand(2, J, 3)
        outputs = Outputs(maps={"places": (logits,), "seen": (torch.full_like(logits, 2.0),)})
        losses.append(float(loss(outputs, targets(points, torch.ones(2, J, dtype=torch.bool)))))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_confidence_over_nothing_is_zero_with_a_gradient_of_zero() -> None:
    seen = maps(1).requires_grad_()
    outputs = Outputs(maps={"places": (maps(2),), "seen": (seen,)})
    loss = JointConfidenceLoss()(outputs, targets(keypoints(), torch.zeros(2, J, dtype=torch.bool)))
    loss.backward()
    assert float(loss) == 0
    assert seen.grad is not None
    assert not seen.grad.any()


def test_what_lacks_is_named() -> None:
    outputs = Outputs(maps={"places": (maps(1),), "seen": (maps(1),)})
    with pytest.raises(ValueError, match="key points"):
        JointPlaceLoss()(outputs, targets(None))
    with pytest.raises(ValueError, match="annotated"):
        JointConfidenceLoss()(outputs, targets(keypoints()))
