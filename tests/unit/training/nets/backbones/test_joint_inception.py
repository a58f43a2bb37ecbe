"""The Inception of the joint-loss paper against its Table I."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.nets.backbones.config import JointInceptionConfig
from training.nets.backbones.joint_inception import joint_inception, joint_trunk

TABLE = {
    "conv1_3": (64, 53, 25),
    "conv2_x": (192, 51, 23),
    "conv3_x": (288, 51, 23),
    "conv4_x": (288, 51, 23),
    "conv5_x": (768, 25, 11),
    "conv6_x": (768, 25, 11),
    "conv7_x": (768, 25, 11),
    "conv8_x": (768, 25, 11),
    "conv9_x": (1280, 12, 5),
}


@pytest.fixture(scope="module")
def backbone() -> nn.Module:
    return joint_inception(JointInceptionConfig()).eval()


def test_maps_are_those_of_table_1(backbone: nn.Module) -> None:
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 219, 103))
    assert {name: tuple(value.shape[1:]) for name, value in maps.items()} == TABLE


@pytest.mark.parametrize(
    ("stage", "counted"),
    [
        ("conv1_3", {(3, 3): 3}),
        ("conv2_x", {(1, 1): 4, (3, 3): 2, (5, 5): 1}),
        ("conv3_x", {(1, 1): 4, (3, 3): 2, (5, 5): 1}),
        ("conv4_x", {(1, 1): 4, (3, 3): 2, (5, 5): 1}),
        ("conv6_x", {(1, 1): 4, (1, 7): 3, (7, 1): 3}),
        ("conv8_x", {(1, 1): 4, (1, 7): 3, (7, 1): 3}),
        # The table's counts of these two cannot make their channels: see the module's text.
        ("conv5_x", {(1, 1): 1, (3, 3): 3}),
        ("conv9_x", {(1, 1): 2, (1, 7): 1, (7, 1): 1, (3, 3): 2}),
    ],
)
def test_convolutions_are_those_counted_in_table_1(
    backbone: nn.Module, stage: str, counted: dict[tuple[int, int], int]
) -> None:
    kernels = [module.kernel_size for module in backbone.stages[stage].modules() if isinstance(module, nn.Conv2d)]
    assert {kernel: kernels.count(kernel) for kernel in set(kernels)} == counted


def test_every_convolution_is_normalised_before_its_relu(backbone: nn.Module) -> None:
    kinds = [type(module) for module in backbone.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.ReLU)]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU] * (len(kinds) // 3)


@pytest.mark.parametrize("channels", [640, 1280])
def test_the_trunk_of_a_branch_ends_in_the_channels_of_table_2(channels: int) -> None:
    trunk = joint_trunk(288, channels).eval()
    assert trunk.names == ("conv5_x", "conv6_x", "conv7_x", "conv8_x", "conv9_x")
    with torch.no_grad():
        assert trunk(torch.zeros(1, 288, 12, 23))["conv9_x"].shape[:2] == (1, channels)


def test_a_branch_too_narrow_for_its_input_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 483 channels behind 288, got 480"):
        joint_trunk(288, 480)
