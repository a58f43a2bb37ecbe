"""The Inception of "Person Re-identification with Joint-loss" (Liu et al., Table I), for 219x103 pictures.

The table counts, for each module, its convolutions and poolings; the counts, the map sizes and the channels are those of
Inception-v3's modules A, B, C and D (Szegedy et al., CVPR 2016) but for the first of them, so those are built:

=================  ==============  =====================================================================================
stage              output          made of (v3's name)
=================  ==============  =====================================================================================
conv1_3            53x25x64        3x3/2 32; 3x3 32; 3x3 64, padded; 3x3/2 maximum (v3's stem)
conv2_x            51x23x192       A: 1x1; 1x1, 5x5; 1x1, 3x3, 3x3; average, 1x1: v3's 256 channels by 3/4, nothing padded
conv3_x, conv4_x   51x23x288       A of 64 + 64 + 96 + 64
conv5_x            25x11x768       B: 3x3/2 384; 1x1, 3x3, 3x3/2 96; 3x3/2 maximum 288
conv6_x … conv8_x  25x11x768       C: 1x1; 1x1, 1x7, 7x1; 1x1, 7x1, 1x7, 7x1, 1x7; average, 1x1: 192 each
conv9_x            12x5x1280       D: 1x1, 3x3/2 320; 1x1, 1x7, 7x1, 3x3/2 192; 3x3/2 maximum 768
=================  ==============  =====================================================================================

Where table and text leave a choice:

- ``conv1_3``: v3's stem gives 53x24 for 219x103. One column of padding in its maximum gives 53x25, and with it every further
  size of the table is exact; so that is done.
- ``conv2_x`` loses a cell at each side (53x25 to 51x23) and has no stride: its windows are not padded, and its 1x1 branch
  sees the middle.
- ``conv5_x`` is counted "1x1 three, 3x3 one" where v3's B has one and three: as 768 channels are just what B gives behind 288,
  the two columns are taken for swapped. ``conv9_x`` is counted without D's two strided 3x3.
- A branch trunk of 640 channels (Table II): D alone passes on 768, so the whole trunk from ``conv5_x`` on is narrowed by half.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.config import JointInceptionConfig
from training.nets.backbones.convolution import conv_bn_relu, initialise, scaled

TRUNK_CHANNELS = 1280
"""Of conv9_x in the backbone."""


def joint_inception(config: JointInceptionConfig) -> Backbone:
    """1280 channels at stride 16, 8.6 M parameters; branches leave at ``conv4_x``."""
    stem, middle, tapped = (scaled(channels, config.width) for channels in (64, 192, 288))
    stages = (
        Stage("conv1_3", _stem(stem), stem, (4, 4)),
        Stage("conv2_x", InceptionA(stem, middle, cropped=True), middle, (4, 4)),
        Stage("conv3_x", InceptionA(middle, tapped), tapped, (4, 4)),
        Stage("conv4_x", InceptionA(tapped, tapped), tapped, (4, 4)),
    )
    backbone = Backbone((*stages, *joint_trunk_stages(tapped, scaled(TRUNK_CHANNELS, config.width))))
    initialise(backbone)
    return backbone


def joint_trunk(in_channels: int, out_channels: int = TRUNK_CHANNELS) -> Backbone:
    """conv5_x to conv9_x for the map of a region: (N, in_channels, h, w) -> (N, out_channels, ⌊h/4⌋ about, ⌊w/4⌋ about).

    Raises:
        ValueError: ``out_channels`` is not above 5/3 of ``in_channels``: conv5_x passes on all of them.
    """
    trunk = Backbone(joint_trunk_stages(in_channels, out_channels))
    initialise(trunk)
    return trunk


def joint_trunk_stages(in_channels: int, out_channels: int) -> Iterator[Stage]:
    """The stages from conv5_x on, every width in proportion to 1280. Maps must be 7x7 at least: two 3x3/2 follow."""
    inner = round(out_channels * 768 / TRUNK_CHANNELS)
    if inner - in_channels < 2:
        raise ValueError(f"expected more than {(in_channels + 2) * 5 // 3} channels behind {in_channels}, got {out_channels}")
    yield Stage("conv5_x", InceptionB(in_channels, inner), inner, (8, 8))
    for number in (6, 7, 8):
        yield Stage(f"conv{number}_x", InceptionC(inner), inner, (8, 8))
    yield Stage("conv9_x", InceptionD(inner, out_channels), out_channels, (16, 16))


def _stem(channels: int) -> nn.Sequential:
    return nn.Sequential(
        conv_bn_relu(3, channels // 2, 3, stride=2),
        conv_bn_relu(channels // 2, channels // 2, 3),
        conv_bn_relu(channels // 2, channels, 3, padding=1),
        nn.MaxPool2d(3, 2, padding=(0, 1)),
    )


class InceptionA(nn.Module):
    """1x1; 1x1 and 5x5; 1x1 and two 3x3; average and 1x1. (N, in_channels, h, w) -> (N, out_channels, h, w).

    Args:
        cropped: no window reaches over the edge: the output is (h - 2, w - 2).
    """

    def __init__(self, in_channels: int, out_channels: int, *, cropped: bool = False) -> None:
        super().__init__()
        self._cropped = cropped
        # v3's 64 + 64 + 96 + 32 of 256, and 64 + 64 + 96 + 64 of 288.
        third = out_channels // 3 if not cropped else out_channels * 3 // 8
        rest = out_channels // 4 if cropped else out_channels * 2 // 9
        pooled = out_channels - third - 2 * rest
        lost = int(cropped)
        reduced = rest * 3 // 4
        self.point = conv_bn_relu(in_channels, rest, 1)
        self.wide = nn.Sequential(conv_bn_relu(in_channels, reduced, 1), conv_bn_relu(reduced, rest, 5, padding=2 - lost))
        self.twice = nn.Sequential(
            conv_bn_relu(in_channels, rest, 1),
            conv_bn_relu(rest, third, 3, padding=1),
            conv_bn_relu(third, third, 3, padding=1 - lost),
        )
        self.pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1 - lost), conv_bn_relu(in_channels, pooled, 1))

    def forward(self, value: Tensor) -> Tensor:
        middle = value[:, :, 1:-1, 1:-1] if self._cropped else value
        return torch.cat([self.point(middle), self.wide(value), self.twice(value), self.pooled(value)], dim=1)


class InceptionB(nn.Module):
    """3x3/2; 1x1, 3x3 and 3x3/2; maximum. (N, in_channels, h, w) -> (N, out_channels, (h - 1) // 2, (w - 1) // 2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        double = max(1, (out_channels - in_channels) // 5)
        single = out_channels - in_channels - double
        reduced = max(8, double * 2 // 3)
        self.once = conv_bn_relu(in_channels, single, 3, stride=2)
        self.twice = nn.Sequential(
            conv_bn_relu(in_channels, reduced, 1),
            conv_bn_relu(reduced, double, 3, padding=1),
            conv_bn_relu(double, double, 3, stride=2),
        )
        self.pooled = nn.MaxPool2d(3, 2)

    def forward(self, value: Tensor) -> Tensor:
        return torch.cat([self.once(value), self.twice(value), self.pooled(value)], dim=1)


class InceptionC(nn.Module):
    """1x1; one and two pairs of 1x7 and 7x1; average and 1x1. (N, C, h, w) -> the same shape.

    v3 narrows the inside of its pairs to 128 and 160 of 768 channels; 160 is taken throughout.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        each = channels // 4
        inside = channels * 160 // 768
        self.point = conv_bn_relu(channels, channels - 3 * each, 1)
        self.once = nn.Sequential(conv_bn_relu(channels, inside, 1), _across(inside, inside), _down(inside, each))
        self.twice = nn.Sequential(
            conv_bn_relu(channels, inside, 1),
            _down(inside, inside),
            _across(inside, inside),
            _down(inside, inside),
            _across(inside, each),
        )
        self.pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1), conv_bn_relu(channels, each, 1))

    def forward(self, value: Tensor) -> Tensor:
        return torch.cat([self.point(value), self.once(value), self.twice(value), self.pooled(value)], dim=1)


class InceptionD(nn.Module):
    """1x1, 3x3/2; 1x1, 1x7, 7x1, 3x3/2; maximum. (N, in_channels, h, w) -> (N, out_channels, (h - 1) // 2, (w - 1) // 2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        inside = max(1, out_channels * 192 // TRUNK_CHANNELS)
        single = out_channels - in_channels - inside
        self.once = nn.Sequential(conv_bn_relu(in_channels, inside, 1), conv_bn_relu(inside, single, 3, stride=2))
        self.twice = nn.Sequential(
            conv_bn_relu(in_channels, inside, 1),
            _across(inside, inside),
            _down(inside, inside),
            conv_bn_relu(inside, inside, 3, stride=2),
        )
        self.pooled = nn.MaxPool2d(3, 2)

    def forward(self, value: Tensor) -> Tensor:
        return torch.cat([self.once(value), self.twice(value), self.pooled(value)], dim=1)


def _across(in_channels: int, out_channels: int) -> nn.Sequential:
    return conv_bn_relu(in_channels, out_channels, (1, 7), padding=(0, 3))


def _down(in_channels: int, out_channels: int) -> nn.Sequential:
    return conv_bn_relu(in_channels, out_channels, (7, 1), padding=(3, 0))
