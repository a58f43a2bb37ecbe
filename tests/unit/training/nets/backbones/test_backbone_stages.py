"""Every backbone: the names, channels and strides that it declares are those of its maps, and every weight learns."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import (
    AlexNetConfig,
    BackboneConfig,
    DgdInceptionConfig,
    JointInceptionConfig,
    NarrowResidualConfig,
    OSNetConfig,
    ResNetConfig,
)

NARROW: tuple[BackboneConfig, ...] = (
    ResNetConfig(width=0.125, blocks=(1, 2, 2, 1), last_stride=1),
    ResNetConfig(width=0.25, block="basic", blocks=(2, 2, 2, 2)),
    AlexNetConfig(width=0.125),
    DgdInceptionConfig(width=0.25),
    JointInceptionConfig(width=0.25),
    OSNetConfig(width=0.25),
    NarrowResidualConfig(width=0.5, blocks=(1, 2, 1, 1), last_stride=1),
)


def name_of(config: BackboneConfig) -> str:
    return f"{config.kind}-{config.width}"


@pytest.mark.parametrize("config", NARROW, ids=name_of)
def test_maps_are_as_declared(config: BackboneConfig) -> None:
    torch.manual_seed(0)
    backbone = build_backbone(config).eval()
    with torch.no_grad():
        maps = backbone(torch.randn(1, 3, 192, 96))
    assert tuple(maps) == backbone.names
    for name, value in maps.items():
        assert value.shape[1] == backbone.channels[name]
        down, across = backbone.strides[name]
        # Convolutions without padding lose up to four cells of a map.
        assert 192 // down - 4 <= value.shape[2] <= 192 // down + 1
        assert 96 // across - 4 <= value.shape[3] <= 96 // across + 1


@pytest.mark.parametrize("config", NARROW, ids=name_of)
def test_every_weight_learns(config: BackboneConfig) -> None:
    torch.manual_seed(0)
    backbone = build_backbone(config).train()
    maps = backbone(torch.randn(3, 3, 128, 64))
    maps[backbone.last].square().mean().backward()
    without = [name for name, weight in backbone.named_parameters() if weight.grad is None or not weight.grad.any()]
    # A gate or a bottleneck of one cell may be shut by its ReLU; whole layers without a gradient are a fault.
    assert not [name for name in without if name.endswith("weight") and "bn" not in name and "fc" not in name]


@pytest.mark.parametrize("config", NARROW, ids=name_of)
def test_going_on_from_a_middle_map_gives_the_same_end(config: BackboneConfig) -> None:
    torch.manual_seed(0)
    backbone = build_backbone(config).eval()
    pictures = torch.randn(1, 3, 128, 64)
    middle = backbone.names[len(backbone.names) // 2]
    with torch.no_grad():
        whole = backbone(pictures)[backbone.last]
        tapped = backbone.run(pictures, backbone.up_to(middle))[middle]
        assert torch.equal(backbone.run(tapped, backbone.after(middle))[backbone.last], whole)


def test_stages_need_names_of_their_own() -> None:
    stage = Stage("conv1", nn.Identity(), 3, (1, 1))
    with pytest.raises(ValueError, match="different names"):
        Backbone((stage, stage))
    with pytest.raises(ValueError, match="different names"):
        Backbone(())


def test_the_same_seed_gives_the_same_weights() -> None:
    def weights() -> dict[str, torch.Tensor]:
        torch.manual_seed(7)
        return build_backbone(NarrowResidualConfig(width=0.25)).state_dict()

    first, second = weights(), weights()
    assert all(torch.equal(first[name], second[name]) for name in first)
