"""A plain 3x3 residual trunk that trains on a CPU: no depthwise and few 1x1 convolutions, so the time goes into arithmetic.

Stages: ``conv1`` (3x3, stride 2), then ``res1a``, ``res2a``, ``res3a``, ``res4a`` of one basic block each (``res4b`` with
more), of strides 2, 4, 8, 16 by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.backbones.convolution import conv_bn_relu, initialise, scaled
from training.nets.backbones.residual_blocks import BasicBlock


def narrow_residual(config: NarrowResidualConfig) -> Backbone:
    """256 channels at stride 16, 1.2 M parameters by default."""
    backbone = Backbone(_stages(config))
    initialise(backbone)
    return backbone


def _stages(config: NarrowResidualConfig) -> Iterator[Stage]:
    channels = scaled(config.channels[0], config.width)
    yield Stage("conv1", conv_bn_relu(3, channels, 3, stride=2, padding=1), channels, (2, 2))
    total = 2
    for number, (planes, blocks) in enumerate(zip(config.channels, config.blocks, strict=True), start=1):
        stride = {1: 1, 4: config.last_stride}.get(number, 2)
        total *= stride
        for letter in ascii_lowercase[:blocks]:
            block = BasicBlock(
                channels,
                scaled(planes, config.width),
                stride=stride if letter == "a" else 1,
                instance_norm=planes <= config.instance_norm_up_to,
            )
            channels = scaled(planes, config.width)
            yield Stage(f"res{number}{letter}", block, channels, (total, total))
