"""Residual blocks (He et al., CVPR 2016, figure 5), named as in torchvision, so that public checkpoints fit."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from torch import Tensor, nn
from torch.nn import functional

from training.nets.instance_norm import InstanceNorm


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """A 1x1 projection where the shape changes (option B of the paper), else nothing."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut. (N, in_channels, h, w) -> (N, planes, h / stride, w / stride).

    Args:
        instance_norm: normalise the sum of each picture by itself before the last ReLU (IBN-b of Pan et al., ECCV 2018):
            it takes away a camera's colours and contrast.
    """

    expansion: ClassVar[int] = 1

    def __init__(self, in_channels: int, planes: int, *, stride: int = 1, instance_norm: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = _shortcut(in_channels, planes, stride)
        self.instance_norm = InstanceNorm(planes) if instance_norm else None

    def forward(self, value: Tensor) -> Tensor:
        residual = functional.relu(self.bn1(self.conv1(value)), inplace=True)
        residual = self.bn2(self.conv2(residual))
        total: Tensor = residual + (value if self.downsample is None else self.downsample(value))
        if self.instance_norm is not None:
            total = self.instance_norm(total)
        return functional.relu(total, inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride), 1x1 around a shortcut. (N, in_channels, h, w) -> (N, 4 planes, h / stride, w / stride)."""

    expansion: ClassVar[int] = 4

    def __init__(self, in_channels: int, planes: int, *, stride: int = 1) -> None:
        super().__init__()
        out_channels = planes * self.expansion
        self.conv1 = nn.Conv2d(in_channels, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = _shortcut(in_channels, out_channels, stride)

    def forward(self, value: Tensor) -> Tensor:
        residual = functional.relu(self.bn1(self.conv1(value)), inplace=True)
        residual = functional.relu(self.bn2(self.conv2(residual)), inplace=True)
        residual = self.bn3(self.conv3(residual))
        total: Tensor = residual + (value if self.downsample is None else self.downsample(value))
        return functional.relu(total, inplace=True)


ResidualBlock: TypeAlias = type[BasicBlock] | type[Bottleneck]


def residual_blocks(
    block: ResidualBlock, in_channels: int, planes: int, *, blocks: int, stride: int = 1
) -> tuple[nn.Module, ...]:
    """``blocks`` blocks in a row, the first with the stride. Their output has ``planes * block.expansion`` channels.

    ``nn.Sequential(*residual_blocks(Bottleneck, 1024, 512, blocks=3))`` is ResNet-50's conv5_x without its last stride.
    """
    out_channels = planes * block.expansion
    first = block(in_channels, planes, stride=stride)
    return (first, *(block(out_channels, planes) for _ in range(blocks - 1)))
