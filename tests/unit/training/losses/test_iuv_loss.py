"""The losses of dense coordinates, recomputed cell by cell."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from training.augment.view import UNKNOWN_PART
from training.batch import Targets
from training.losses.iuv import CoordinateLoss, PartLoss, cells_of
from training.nets.system import Outputs

SIZE = (4, 2)


def targets(iuv: Tensor | None) -> Targets:
    count = 0 if iuv is None else len(iuv)
    numbers = torch.zeros(count, dtype=torch.int64)
    return Targets(numbers, numbers, torch.zeros(count, 0, dtype=torch.int64), iuv=iuv)


def truth(seed: int = 3) -> Tensor:
    """Two crops of 8 x 4 pixels: some background, some unknown."""
    generator = torch.Generator().manual_seed(seed)
    part = torch.randint(0, 25, (2, 8, 4), generator=generator)
    part[:, :2] = 0
    part[:, 4:6, :2] = UNKNOWN_PART
    uv = torch.randint(0, 256, (2, 8, 4, 2), generator=generator)
    return torch.cat([part[..., None], uv], dim=-1).to(torch.uint8)


def outputs(seed: int = 4) -> Outputs:
    generator = torch.Generator().manual_seed(seed)
    made = {name: torch.randn(2, count, *SIZE, generator=generator) for name, count in (("part", 25), ("u", 24), ("v", 24))}
    return Outputs(maps={name: (each.requires_grad_(),) for name, each in made.items()})


def test_a_cell_is_the_pixel_in_its_middle() -> None:
    iuv = truth()
    part, uv = cells_of(iuv, SIZE)
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            pixel = iuv[0, 2 * row + 1, 2 * column + 1]
            assert part[0, row, column] == pixel[0]
            assert uv[0, :, row, column].tolist() == pytest.approx([int(each) / 255 for each in pixel[1:]])


def test_parts_are_a_cross_entropy_over_what_is_known() -> None:
    iuv, found = truth(), outputs()
    logits = found.maps["part"][0].detach()
    expected, known = 0.0, 0
    for crop in range(2):
        for row in range(SIZE[0]):
            for column in range(SIZE[1]):
                part = int(iuv[crop, 2 * row + 1, 2 * column + 1, 0])
                if part != UNKNOWN_PART:
                    values = logits[crop, :, row, column].double()
                    expected += float(values.exp().sum().log() - values[part])
                    known += 1
    assert 0 < known < 2 * math.prod(SIZE)
    assert PartLoss()(found, targets(iuv)).item() == pytest.approx(expected / known, rel=1e-5)


def test_coordinates_are_a_smooth_l1_on_the_true_part() -> None:
    iuv, found = truth(), outputs()
    beta, expected, shown = 0.3, 0.0, 0
    for crop in range(2):
        for row in range(SIZE[0]):
            for column in range(SIZE[1]):
                part, u, v = iuv[crop, 2 * row + 1, 2 * column + 1].tolist()
                if part not in (0, UNKNOWN_PART):
                    shown += 1
                    for name, true in (("u", u), ("v", v)):
                        gap = abs(float(found.maps[name][0][crop, part - 1, row, column]) - true / 255)
                        expected += gap * gap / (2 * beta) if gap < beta else gap - beta / 2
    assert CoordinateLoss(beta=beta)(found, targets(iuv)).item() == pytest.approx(expected / shown, rel=1e-5)


def test_what_is_unknown_has_no_gradient() -> None:
    iuv, found = truth(), outputs()
    (PartLoss()(found, targets(iuv)) + CoordinateLoss()(found, targets(iuv))).backward()
    part, _ = cells_of(iuv, SIZE)
    unknown = part == UNKNOWN_PART
    assert unknown.any()
    for stages in found.maps.values():
        gradient = stages[0].grad
        assert gradient is not None
        assert not gradient.movedim(1, -1)[unknown].any()
    on_background = (part == 0)[:, None].expand_as(found.maps["u"][0])
    assert not found.maps["u"][0].grad[on_background].any()


def test_where_nothing_is_known_the_losses_are_0() -> None:
    iuv, found = truth(), outputs()
    iuv[..., 0] = UNKNOWN_PART
    total = PartLoss()(found, targets(iuv)) + CoordinateLoss()(found, targets(iuv))
    total.backward()
    assert total.item() == 0
    assert not found.maps["part"][0].grad.any()


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="coordinates among the targets"):
        PartLoss()(outputs(), targets(None))
    with pytest.raises(ValueError, match="maps named 'u'"):
        CoordinateLoss()(Outputs(), targets(truth()))
