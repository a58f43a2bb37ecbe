"""ResNet (He et al., CVPR 2016, Table 1), each residual block a stage of its own: systems tap res3a, res4a, res5a.

Stages of ResNet-50: ``conv1``, ``pool1``, ``res2a`` … ``res2c``, ``res3a`` … ``res3d``, ``res4a`` … ``res4f``, ``res5a`` …
``res5c``. :func:`last_of` names the end of a group, however many blocks it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from torch import nn

from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.config import ResNetConfig
from training.nets.backbones.convolution import conv_bn_relu, initialise, scaled
from training.nets.backbones.residual_blocks import BasicBlock, Bottleneck, ResidualBlock, residual_blocks

_PLANES = {"res2": 64, "res3": 128, "res4": 256, "res5": 512}


def resnet(config: ResNetConfig) -> Backbone:
    """ResNet-50 by default: 2048 channels at stride 32 (16 with ``last_stride=1``), 23.5 M parameters."""
    backbone = Backbone(_stages(config))
    initialise(backbone)
    return backbone


def last_of(backbone: Backbone, group: str) -> str:
    """The name of the last block of a group: ``last_of(backbone, "res4")`` is ``res4f`` in a ResNet-50.

    Raises:
        ValueError: no stage's name begins so.
    """
    names = [name for name in backbone.names if name.startswith(group)]
    if not names:
        raise ValueError(f"expected a stage that begins with {group!r} among {', '.join(backbone.names)}")
    return names[-1]


def public_names(config: ResNetConfig) -> dict[str, str]:
    """Prefix in torchvision's state dict -> prefix in ours."""
    names = {"conv1.": "stages.conv1.0.", "bn1.": "stages.conv1.1."}
    for layer, (group, blocks) in enumerate(zip(_PLANES, config.blocks, strict=True), start=1):
        names |= {f"layer{layer}.{i}.": f"stages.{group}{ascii_lowercase[i]}." for i in range(blocks)}
    return names


def _stages(config: ResNetConfig) -> Iterator[Stage]:
    channels = scaled(64, config.width)
    yield Stage("conv1", conv_bn_relu(3, channels, 7, stride=2, padding=3), channels, (2, 2))
    yield Stage("pool1", nn.MaxPool2d(3, 2, 1), channels, (4, 4))
    block: ResidualBlock = Bottleneck if config.block == "bottleneck" else BasicBlock
    total = 4
    for (group, width), blocks in zip(_PLANES.items(), config.blocks, strict=True):
        stride = {"res2": 1, "res5": config.last_stride}.get(group, 2)
        planes = scaled(width, config.width)
        total *= stride
        for letter, module in zip(
            ascii_lowercase, residual_blocks(block, channels, planes, blocks=blocks, stride=stride), strict=False
        ):
            yield Stage(f"{group}{letter}", module, planes * block.expansion, (total, total))
        channels = planes * block.expansion
