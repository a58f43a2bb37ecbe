"""ResNet-50 against torchvision's, and its variants."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import ResNet, resnet18, resnet50

from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import ResNetConfig
from training.nets.backbones.resnet import last_of, resnet


def unsettled(net: nn.Module) -> nn.Module:
    """Normalisations as after training: nothing is 0 or 1 by chance of the start."""
    generator = torch.Generator().manual_seed(11)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value in (module.weight, module.bias, module.running_mean, module.running_var):
                assert isinstance(value, Tensor)
                value.data.uniform_(0.5, 1.0, generator=generator)
    return net.eval()


def groups_of(theirs: ResNet, pictures: Tensor) -> dict[str, Tensor]:
    value = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(pictures))))
    maps = {}
    for group, layer in (("res2", theirs.layer1), ("res3", theirs.layer2), ("res4", theirs.layer3), ("res5", theirs.layer4)):
        maps[group] = value = layer(value)
    return maps


@pytest.mark.parametrize(
    ("build", "config"),
    [
        (resnet50, ResNetConfig()),
        (resnet18, ResNetConfig(block="basic", blocks=(2, 2, 2, 2))),
    ],
)
def test_torchvisions_weights_give_torchvisions_maps(build: object, config: ResNetConfig, tmp_path: Path) -> None:
    assert callable(build)
    torch.manual_seed(0)
    theirs = unsettled(build(weights=None))
    path = tmp_path / "resnet.pth"
    torch.save(theirs.state_dict(), path)
    ours = build_backbone(config.model_copy(update={"checkpoint": path})).eval()
    pictures = torch.randn(1, 3, 96, 64)
    with torch.no_grad():
        maps = ours(pictures)
        assert isinstance(theirs, ResNet)
        for group, expected in groups_of(theirs, pictures).items():
            torch.testing.assert_close(maps[last_of(ours, group)], expected)


def test_resnet50_has_the_parameters_of_the_paper() -> None:
    backbone = resnet(ResNetConfig())
    assert sum(weight.numel() for weight in backbone.parameters()) == 23_508_032
    assert [name for name in backbone.names if name.startswith("res4")] == [f"res4{letter}" for letter in "abcdef"]
    assert last_of(backbone, "res5") == "res5c"
    with pytest.raises(ValueError, match="begins with 'res6'"):
        last_of(backbone, "res6")


def test_the_last_stride_is_an_option() -> None:
    sizes = {}
    for last_stride in (1, 2):
        backbone = resnet(ResNetConfig(width=0.125, last_stride=last_stride)).eval()
        with torch.no_grad():
            sizes[last_stride] = backbone(torch.zeros(1, 3, 256, 128))["res5c"].shape[2:]
        assert backbone.strides["res5c"] == (16 * last_stride, 16 * last_stride)
    assert sizes == {1: (16, 8), 2: (8, 4)}
