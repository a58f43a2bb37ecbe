"""The small InceptionNet of domain guided dropout (Xiao et al., CVPR 2016, Table 2).

For 144x56 pictures, trained from scratch; batch normalisation behind every convolution. Maps are height x width x channels:

=============  ===========  ======================================================================
stage          output       made of
=============  ===========  ======================================================================
conv1-conv3    144x56x32    3x3 each
pool1          72x28x32     2x2 maximum, stride 2
inception_1a   72x28x256    1x1 64; 1x1 64, 3x3 64; 1x1 64, 3x3 64, 3x3 64; 3x3 average, 1x1 64
inception_1b   36x14x384    1x1 64, 3x3/2 64; 1x1 64, 3x3 64, 3x3/2 64; 3x3/2 maximum
inception_2a   36x14x512    as 1a with 128
inception_2b   18x7x768     as 1b with 128
inception_3a   18x7x1024    as 1a with 256
inception_3b   9x4x1536     as 1b with 256
=============  ===========  ======================================================================

Then a global average and FC7 of 256 with BN, ReLU and dropout 0.5: :func:`training.nets.heads.fully_connected.fully_connected`.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.config import DgdInceptionConfig
from training.nets.backbones.convolution import conv_bn_relu, initialise, scaled

FC7_CHANNELS = 256


def dgd_inception(config: DgdInceptionConfig) -> Backbone:
    """1536 channels at stride 16, 6.4 M parameters."""
    backbone = Backbone(_stages(config.width))
    initialise(backbone)
    return backbone


def _stages(width: float) -> Iterator[Stage]:
    channels = scaled(32, width)
    for index, before in ((1, 3), (2, channels), (3, channels)):
        yield Stage(f"conv{index}", conv_bn_relu(before, channels, 3, padding=1), channels, (1, 1))
    yield Stage("pool1", nn.MaxPool2d(2, 2), channels, (2, 2))
    stride = 2
    for number, branch in ((1, 64), (2, 128), (3, 256)):
        each = scaled(branch, width)
        yield Stage(f"inception_{number}a", InceptionA(channels, each), 4 * each, (stride, stride))
        channels, stride = 4 * each, 2 * stride
        yield Stage(f"inception_{number}b", InceptionB(channels, each), channels + 2 * each, (stride, stride))
        channels += 2 * each


class InceptionA(nn.Module):
    """Four branches of ``each`` channels at the same size. (N, in_channels, h, w) -> (N, 4 each, h, w)."""

    def __init__(self, in_channels: int, each: int) -> None:
        super().__init__()
        self.point = conv_bn_relu(in_channels, each, 1)
        self.once = nn.Sequential(conv_bn_relu(in_channels, each, 1), conv_bn_relu(each, each, 3, padding=1))
        self.twice = nn.Sequential(
            conv_bn_relu(in_channels, each, 1),
            conv_bn_relu(each, each, 3, padding=1),
            conv_bn_relu(each, each, 3, padding=1),
        )
        self.pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1), conv_bn_relu(in_channels, each, 1))

    def forward(self, value: Tensor) -> Tensor:
        return torch.cat([self.point(value), self.once(value), self.twice(value), self.pooled(value)], dim=1)


class InceptionB(nn.Module):
    """Two branches of ``each`` channels and a maximum, all of stride 2. (N, C, h, w) -> (N, C + 2 each, ⌈h/2⌉, ⌈w/2⌉)."""

    def __init__(self, in_channels: int, each: int) -> None:
        super().__init__()
        self.once = nn.Sequential(conv_bn_relu(in_channels, each, 1), conv_bn_relu(each, each, 3, stride=2, padding=1))
        self.twice = nn.Sequential(
            conv_bn_relu(in_channels, each, 1),
            conv_bn_relu(each, each, 3, padding=1),
            conv_bn_relu(each, each, 3, stride=2, padding=1),
        )

    def forward(self, value: Tensor) -> Tensor:
        return torch.cat([self.once(value), self.twice(value), _halving_maximum(value)], dim=1)


def _halving_maximum(value: Tensor) -> Tensor:
    """The 3x3/2 maximum as wide as the convolutions beside it: windows start at cell 0 of an even side, at -1 of an odd one.

    So they do in the original (rounding up, and one column of padding where the map is 7 wide). Zeros may stand in for
    padding: no value here is below 0.
    """
    height, width = value.shape[-2:]
    return functional.max_pool2d(functional.pad(value, (width % 2, 1, height % 2, 1)), 3, 2)
