"""The trunk of the detector: pictures to maps of strides 8, 16 and 32."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.nets.backbones.convolution import conv_bn_relu
from training.nets.detector.config import DetectorConfig
from training.nets.detector.split_stage import SplitStage


class WideView(nn.Module):
    """What lies in windows of 5, 9 and 13 cells beside each cell: pooled maxima joined with the map.

    He et al., "Spatial Pyramid Pooling" (ECCV 2014), as the YOLO family has it: a person who fills the picture is larger than
    what the convolutions see. (N, C, h, w) -> the same shape.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = conv_bn_relu(channels, channels // 2, 1)
        self.leave = conv_bn_relu(4 * (channels // 2), channels, 1)

    def forward(self, value: Tensor) -> Tensor:
        views = [self.enter(value)]
        for _ in range(3):  # a maximum over 5 of maxima over 5 is one over 9
            views.append(functional.max_pool2d(views[-1], 5, 1, 2))
        left: Tensor = self.leave(torch.cat(views, dim=1))
        return left


class Trunk(nn.Module):
    """Normalised pictures (N, 3, H, W) -> the maps of the three stages, the finest first."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        first, second = config.stem
        self.stem = nn.Sequential(
            conv_bn_relu(3, first, 3, stride=2, padding=1), conv_bn_relu(first, second, 3, stride=2, padding=1)
        )
        stages: list[nn.Module] = []
        before = second
        for channels, blocks in zip(config.channels, config.blocks, strict=True):
            down = conv_bn_relu(before, channels, 3, stride=2, padding=1)
            stages.append(nn.Sequential(down, SplitStage(channels, channels, blocks=blocks)))
            before = channels
        stages[-1] = nn.Sequential(stages[-1], WideView(before))
        self.stages = nn.ModuleList(stages)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        value = self.stem(images)
        maps = []
        for stage in self.stages:
            value = stage(value)
            maps.append(value)
        return tuple(maps)
