"""The detector's net: shapes, budget, gradients, and what its maps mean."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.batch import Inputs
from training.nets.detector.cells import boxes_around, cells_of
from training.nets.detector.config import STRIDES, DetectorConfig
from training.nets.detector.head import FIRST_SCORE, FIRST_SIDE
from training.nets.systems.detector import Detector

TINY = DetectorConfig(stem=(8, 8), channels=(16, 16, 16), blocks=(1, 1, 1), neck=16, head=16)


def noise(count: int, side: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_no_pictures_have_no_boxes() -> None:
    boxes, scores = Detector(TINY).eval().inference_net()(noise(0, 64))
    assert (boxes.shape, scores.shape) == ((0, 84, 4), (0, 84))


@pytest.mark.parametrize("side", [32, 96])
def test_each_cell_of_each_level_has_a_score_and_four_sides(side: int) -> None:
    maps = Detector(TINY)(Inputs(noise(2, side))).maps
    for score, sides, stride in zip(maps["scores"], maps["sides"], STRIDES, strict=True):
        assert score.shape == (2, 1, side // stride, side // stride)
        assert sides.shape == (2, 4, side // stride, side // stride)
        assert (sides > 0).all()


def test_before_anything_is_learnt_scores_are_low_and_boxes_small() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        maps = Detector(DetectorConfig())(Inputs(noise(4, 96))).maps  # in training mode: running statistics mean nothing yet
    for score, sides, stride in zip(maps["scores"], maps["sides"], STRIDES, strict=True):
        assert score.sigmoid().mean().item() == pytest.approx(FIRST_SCORE, abs=0.01)
        assert sides.mean().item() == pytest.approx(FIRST_SIDE * stride, rel=0.2)


def test_the_net_is_small() -> None:
    detector = Detector(DetectorConfig())
    assert sum(each.numel() for each in detector.parameters()) < 2_000_000
    products = 0

    def count(layer: nn.Conv2d, _: object, output: torch.Tensor) -> None:
        nonlocal products
        products += output[0].numel() * layer.weight[0].numel()

    for layer in detector.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.no_grad():
        detector.eval()(Inputs(noise(1, 416)))
    assert products <= 0.6e9


def test_every_parameter_learns() -> None:
    detector = Detector(TINY)
    maps = detector(Inputs(noise(2, 64))).maps
    sum(level.square().mean() for levels in maps.values() for level in levels).backward()
    still = [name for name, each in detector.named_parameters() if each.grad is None or not each.grad.any()]
    assert still == []


def test_cells_lie_row_by_row_the_finest_first() -> None:
    maps = [torch.zeros(1, 1, 2, 3), torch.zeros(1, 1, 1, 1)]
    cells = cells_of(maps, (8, 16))
    assert cells.centres.tolist() == [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12], [8, 8]]
    assert cells.strides.tolist() == [8] * 6 + [16]
    boxes = boxes_around(cells.centres, torch.tensor([[[1.0, 2, 3, 4]] * 7]))
    assert boxes[0, 0].tolist() == [3, 2, 7, 8]


def test_candidates_are_the_cells_boxes_and_scores() -> None:
    torch.manual_seed(1)
    detector = Detector(TINY).eval()
    images = noise(2, 64)
    boxes, scores = detector.inference_net()(images)
    maps = detector(Inputs(images)).maps
    row = 64 + 16 + 1  # the second cell of the coarsest level of 8x8, 4x4 and 2x2 cells
    left, top, right, bottom = maps["sides"][2][1, :, 0, 1]
    torch.testing.assert_close(boxes[1, row], torch.stack([48 - left, 16 - top, 48 + right, 16 + bottom]))
    torch.testing.assert_close(scores[1, row], maps["scores"][2][1, 0, 0, 1].sigmoid())


def test_what_is_exported_stays_in_the_mode_of_the_system() -> None:
    assert not Detector(TINY).eval().inference_net().training
