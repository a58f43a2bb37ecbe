"""AlexNet against torchvision's."""

from __future__ import annotations

from pathlib import Path

import torch
from torchvision.models import alexnet as torchvision_alexnet

from training.nets.backbones.alexnet import AlexNetHead
from training.nets.backbones.build import build_alexnet_head, build_backbone
from training.nets.backbones.config import AlexNetConfig


def test_torchvisions_weights_give_torchvisions_maps_and_fc7(tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = torchvision_alexnet(weights=None).eval()
    path = tmp_path / "alexnet.pth"
    torch.save(theirs.state_dict(), path)
    config = AlexNetConfig(checkpoint=path)
    ours, head = build_backbone(config).eval(), build_alexnet_head(config).eval()
    pictures = torch.randn(1, 3, 227, 227)
    with torch.no_grad():
        maps = ours(pictures)
        torch.testing.assert_close(maps["conv3"], theirs.features[:8](pictures))
        torch.testing.assert_close(maps["conv4"], theirs.features[:10](pictures))
        torch.testing.assert_close(maps["conv5"], theirs.features[:12](pictures))
        torch.testing.assert_close(maps["pool5"], theirs.features(pictures))
        fc7 = theirs.classifier[:6](theirs.avgpool(theirs.features(pictures)).flatten(1))
        torch.testing.assert_close(head(maps["pool5"]), fc7)


def test_the_map_of_fc6_is_six_by_six_at_the_papers_size() -> None:
    backbone = build_backbone(AlexNetConfig(width=0.125)).eval()
    with torch.no_grad():
        assert backbone(torch.zeros(1, 3, 227, 227))["pool5"].shape[2:] == (6, 6)


def test_a_narrow_head_takes_small_pictures() -> None:
    config = AlexNetConfig(width=0.125)
    backbone, head = build_backbone(config).eval(), AlexNetHead(config).eval()
    with torch.no_grad():
        described = head(backbone(torch.zeros(2, 3, 128, 64))["pool5"])
    assert described.shape == (2, head.out_features) == (2, 512)
