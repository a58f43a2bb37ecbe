"""A stage of a trunk in which only a part of the channels goes through the dear 3x3 convolutions.

After Wang et al., "CSPNet: A New Backbone that can Enhance Learning Capability of CNN" (CVPRW 2020): the channels are split,
one part goes by, and the outputs of all blocks are joined with it by a 1x1 convolution.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.nets.backbones.convolution import conv_bn_relu


class ResidualPair(nn.Module):
    """value + two 3x3 convolutions of it. (N, C, h, w) -> the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_bn_relu(channels, channels, 3, padding=1), conv_bn_relu(channels, channels, 3, padding=1)
        )

    def forward(self, value: Tensor) -> Tensor:
        total: Tensor = value + self.layers(value)
        return total


class SplitStage(nn.Module):
    """(N, in_channels, h, w) -> (N, channels, h, w): half of the channels goes through ``blocks`` residual pairs."""

    def __init__(self, in_channels: int, channels: int, *, blocks: int) -> None:
        super().__init__()
        half = channels // 2
        self._split = half
        self.enter = conv_bn_relu(in_channels, 2 * half, 1)
        self.blocks = nn.ModuleList(ResidualPair(half) for _ in range(blocks))
        self.leave = conv_bn_relu((2 + blocks) * half, channels, 1)

    def forward(self, value: Tensor) -> Tensor:
        entered = self.enter(value)
        parts = [entered, entered[:, self._split :]]
        for block in self.blocks:
            parts.append(block(parts[-1]))
        left: Tensor = self.leave(torch.cat([parts[0], *parts[2:]], dim=1))
        return left
