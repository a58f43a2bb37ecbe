"""AlexNet (Krizhevsky et al., 2012) in torchvision's one-tower layout (Krizhevsky 2014), so that public checkpoints fit.

Stages: ``conv1``, ``pool1``, ``conv2``, ``pool2``, ``conv3``, ``conv4``, ``conv5``, ``pool5``; FC6 and FC7 are a head
of their own.
"""

from __future__ import annotations

from torch import nn

from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.config import AlexNetConfig
from training.nets.backbones.convolution import initialise, scaled

PUBLIC_NAMES = {
    f"features.{index}.": f"stages.{name}.0."
    for index, name in ((0, "conv1"), (3, "conv2"), (6, "conv3"), (8, "conv4"), (10, "conv5"))
}
"""Prefix in torchvision's state dict -> prefix in ours."""

PUBLIC_HEAD_NAMES = {"classifier.1.": "fc6.", "classifier.4.": "fc7."}
"""The same for :func:`alexnet_head`."""

_GRID = 6
"""Height and width of the map that FC6 sees: 227x227 pictures give it, other sizes are averaged to it."""


def alexnet(config: AlexNetConfig) -> Backbone:
    """256 channels at stride 32, 2.5 M parameters without the head."""
    c1, c2, c3, c4, c5 = (scaled(channels, config.width) for channels in (64, 192, 384, 256, 256))
    backbone = Backbone(
        (
            Stage("conv1", _layer(3, c1, 11, stride=4, padding=2), c1, (4, 4)),
            Stage("pool1", nn.MaxPool2d(3, 2), c1, (8, 8)),
            Stage("conv2", _layer(c1, c2, 5, padding=2), c2, (8, 8)),
            Stage("pool2", nn.MaxPool2d(3, 2), c2, (16, 16)),
            Stage("conv3", _layer(c2, c3, 3, padding=1), c3, (16, 16)),
            Stage("conv4", _layer(c3, c4, 3, padding=1), c4, (16, 16)),
            Stage("conv5", _layer(c4, c5, 3, padding=1), c5, (16, 16)),
            Stage("pool5", nn.MaxPool2d(3, 2), c5, (32, 32)),
        )
    )
    initialise(backbone)
    return backbone


class AlexNetHead(nn.Sequential):
    """``pool5`` (N, 256, h, w) -> FC7 (N, 4096), with ``width`` factors; dropout 0.5 before both layers.

    Attributes:
        out_features: D of FC7.
    """

    def __init__(self, config: AlexNetConfig) -> None:
        self.out_features = scaled(4096, config.width)
        cells = scaled(256, config.width) * _GRID * _GRID
        super().__init__()
        self.add_module("grid", nn.AdaptiveAvgPool2d(_GRID))
        self.add_module("flatten", nn.Flatten())
        self.add_module("drop6", nn.Dropout(0.5))
        self.add_module("fc6", nn.Linear(cells, self.out_features))
        self.add_module("relu6", nn.ReLU(inplace=True))
        self.add_module("drop7", nn.Dropout(0.5))
        self.add_module("fc7", nn.Linear(self.out_features, self.out_features))
        self.add_module("relu7", nn.ReLU(inplace=True))


def _layer(in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, padding: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, kernel, stride, padding), nn.ReLU(inplace=True))
