"""The head of one level: a score and a box for each cell.

Decoupled as in Ge et al., "YOLOX" (2021): what tells a person from a wall is not what tells where the person ends. A cell's box
is its distances to the four sides, as in Tian et al., "FCOS" (ICCV 2019), here ``exp(raw)`` strides.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from training.nets.backbones.convolution import conv_bn_relu

FIRST_SCORE = 0.01
"""Of every cell before anything is learnt: most cells show no person (Lin et al., "Focal Loss", ICCV 2017, section 4.1)."""
FIRST_SIDE = 2.0
"""First distance to each side, in strides."""
_LARGEST_RAW = 6.0
"""e^6 strides are more than any picture has: beyond it numbers only overflow."""


class Head(nn.Module):
    """(N, C, h, w) -> logits of the score (N, 1, h, w), and distances left, top, right, bottom in pixels (N, 4, h, w)."""

    def __init__(self, in_channels: int, channels: int, *, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.looks = conv_bn_relu(in_channels, channels, 3, padding=1)
        self.place = conv_bn_relu(in_channels, channels, 3, padding=1)
        self.score = nn.Conv2d(channels, 1, 1)
        self.sides = nn.Conv2d(channels, 4, 1)

    def start(self) -> None:
        """Set the last layers to what is likely before anything is learnt."""
        for layer, bias in ((self.score, -math.log(1 / FIRST_SCORE - 1)), (self.sides, math.log(FIRST_SIDE))):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None, "as made here"
            nn.init.constant_(layer.bias, bias)

    def forward(self, value: Tensor) -> tuple[Tensor, Tensor]:
        raw = self.sides(self.place(value)).float()
        return self.score(self.looks(value)), torch.exp(raw.clamp(max=_LARGEST_RAW)) * self.stride
