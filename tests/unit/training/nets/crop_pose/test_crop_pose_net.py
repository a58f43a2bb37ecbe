"""The net of key points: its size, its maps, its gradients."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from sightline.skeleton import JOINTS
from training.batch import Inputs
from training.nets.crop_pose.config import CropPoseConfig
from training.nets.systems.crop_pose import CropPose
from training.recipes.keypoints import KeypointsRecipe

SMALL = CropPoseConfig(stem=8, channels=(8, 8), blocks=(1, 1), pyramid=8)


def pictures(count: int = 2, size_hw: tuple[int, int] = (256, 128)) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, *size_hw), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_the_shipped_net_is_small() -> None:
    system = CropPose(KeypointsRecipe().system).eval()
    assert sum(each.numel() for each in system.parameters()) < 3_000_000
    products = []

    def count(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        assert isinstance(module, nn.Conv2d)
        products.append(module.weight.numel() * output.shape[2] * output.shape[3])

    for module in system.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    system.estimate(pictures(1))
    assert 30e6 < sum(products) < 250e6


def test_maps_reach_a_cell_beyond_the_crop() -> None:
    system = CropPose(SMALL)
    outputs = system(Inputs(pictures(3, (64, 32))))
    assert SMALL.cell == 8
    for name in ("places", "seen"):
        [maps] = outputs.maps[name]
        assert maps.shape == (3, len(JOINTS), 64 // 8 + 2, 32 // 8 + 2)


def test_estimates_are_places_and_confidences() -> None:
    found = CropPose(SMALL).eval().estimate(pictures(2, (64, 32)))
    assert found.shape == (2, len(JOINTS), 3)
    assert found.dtype == torch.float32
    assert ((found >= 0) & (found <= 1)).all()
    assert CropPose(SMALL).eval().estimate(pictures(0, (64, 32))).shape == (0, len(JOINTS), 3)


def test_every_weight_learns() -> None:
    system = CropPose(SMALL)
    outputs = system(Inputs(pictures(2, (64, 32))))
    sum(maps.square().sum() for stages in outputs.maps.values() for maps in stages).backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in system.parameters())


def test_stages_and_blocks_agree() -> None:
    assert CropPoseConfig().coarsest == 64
    with pytest.raises(ValidationError, match="blocks"):
        CropPoseConfig(blocks=(1, 1))
