"""Where a joint is, read off its map."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.losses.joint_place import bells
from training.nets.crop_pose.joint_maps import JointMaps
from training.nets.crop_pose.reading import cells, places, seen_logits

HEIGHT, WIDTH = 18, 10
"""Cells: 16 x 8 of the crop, and one beyond on each side."""


def logits_at(row: int, column: int) -> Tensor:
    logits = torch.full((1, 1, HEIGHT, WIDTH), -30.0)
    logits[0, 0, row, column] = 30.0
    return logits


def test_one_cell_is_its_middle() -> None:
    """Row 1, column 1 is the crop's first cell: an eighth of the width, a sixteenth of the height."""
    found = places(JointMaps(logits_at(1, 1), logits_at(1, 1)))
    torch.testing.assert_close(found, torch.tensor([[[0.5 / 8, 0.5 / 16]]]))
    found = places(JointMaps(logits_at(16, 8), logits_at(1, 1)))
    torch.testing.assert_close(found, torch.tensor([[[7.5 / 8, 15.5 / 16]]]))


def test_beyond_the_crop_is_its_edge() -> None:
    found = places(JointMaps(logits_at(0, 9), logits_at(0, 9)))
    torch.testing.assert_close(found, torch.tensor([[[1.0, 0.0]]]))


@pytest.mark.parametrize("xy", [(0.5, 0.5), (0.31, 0.77), (0.02, 0.99), (0.0, 0.0), (1.0, 1.0)])
def test_a_bell_is_read_to_a_fraction_of_a_cell_even_on_the_edge(xy: tuple[float, float]) -> None:
    empty = torch.zeros(1, 1, HEIGHT, WIDTH)
    wanted = bells(torch.tensor([[xy]]), empty, spread=0.7)
    found = places(JointMaps(wanted.log().reshape(empty.shape), empty))
    away = (found[0, 0] - torch.tensor(xy)) * torch.tensor([8.0, 16.0])
    assert away.abs().max() < 0.25, "cells"


def test_of_two_peaks_the_likelier_counts_and_not_what_lies_between() -> None:
    logits = torch.full((1, 1, HEIGHT, WIDTH), -30.0)
    logits[0, 0, 8, 2], logits[0, 0, 8, 8] = 5.0, 4.9
    found = places(JointMaps(logits, logits))
    torch.testing.assert_close(found, torch.tensor([[[1.5 / 8, 7.5 / 16]]]))


def test_a_joint_is_seen_as_the_cells_say_where_it_is() -> None:
    seen = torch.arange(HEIGHT * WIDTH, dtype=torch.float32).reshape(1, 1, HEIGHT, WIDTH).requires_grad_()
    place = logits_at(3, 4).requires_grad_()
    found = seen_logits(JointMaps(place, seen))
    torch.testing.assert_close(found, torch.tensor([[3.0 * WIDTH + 4]]))
    found.sum().backward()
    assert place.grad is None or not place.grad.any(), "where it is, is taken as said"
    assert seen.grad is not None
    assert seen.grad[0, 0, 3, 4] == pytest.approx(1.0)


def test_cells_are_counted_by_rows() -> None:
    rows, columns = cells(torch.zeros(2, 3))
    assert rows.tolist() == [0, 0, 0, 1, 1, 1]
    assert columns.tolist() == [0, 1, 2, 0, 1, 2]
