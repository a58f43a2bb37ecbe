"""GIoU and IoU, recomputed from algorithm 1."""

from __future__ import annotations

import pytest
import torch

from training.losses.generalised_iou import generalised_iou, iou


def test_of_no_boxes_there_is_none() -> None:
    nothing = torch.zeros(0, 4)
    assert generalised_iou(nothing, nothing).shape == (0,)
    assert iou(torch.zeros(0, 1, 4), torch.zeros(1, 5, 4)).shape == (0, 5)


@pytest.mark.parametrize(
    ("first", "second", "overlap", "generalised"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1.0, 1.0),
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7, 1 / 7 - 2 / 9),
        ((0, 0, 1, 1), (2, 0, 3, 1), 0.0, -1 / 3),
        ((0, 0, 4, 4), (1, 1, 2, 2), 1 / 16, 1 / 16),
    ],
)
def test_hand_made_cases(first: tuple[float, ...], second: tuple[float, ...], overlap: float, generalised: float) -> None:
    one, other = torch.tensor([first], dtype=torch.float32), torch.tensor([second], dtype=torch.float32)
    assert iou(one, other).item() == pytest.approx(overlap)
    assert generalised_iou(one, other).item() == pytest.approx(generalised, abs=1e-6)


def test_boxes_that_miss_have_a_gradient_towards_each_other() -> None:
    box = torch.tensor([[0.0, 0.0, 1.0, 1.0]], requires_grad=True)
    generalised_iou(box, torch.tensor([[3.0, 0.0, 4.0, 1.0]])).sum().backward()
    assert box.grad is not None
    assert box.grad[0, 2] > 0  # farther right is better


def test_boxes_without_area_are_no_division_by_zero() -> None:
    point = torch.zeros(1, 4)
    assert iou(point, point).item() == 0
    assert torch.isfinite(generalised_iou(point, point)).all()
