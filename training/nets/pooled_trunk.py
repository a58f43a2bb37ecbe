"""A backbone and its global average: the descriptor of systems whose other branches only teach it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.nets.backbones.backbone import Backbone
from training.nets.normalise import Normalise


class PooledTrunk(nn.Module):
    """uint8 pictures (N, 3, H, W) -> the average of the backbone's last map, (N, C).

    Attributes:
        features: C.
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.backbone = backbone
        self.features = backbone.channels[backbone.last]

    def forward(self, images: Tensor) -> Tensor:
        return self.map(images).mean(dim=(2, 3))

    def map(self, images: Tensor) -> Tensor:
        """What is averaged: (N, C, h, w)."""
        return self.backbone.run(self.normalise(images), self.backbone.names)[self.backbone.last]


def activity(features: Tensor) -> Tensor:
    """How strongly each cell of a map answers, its length over channels: (N, C, h, w) -> (N, h, w). For looking at."""
    lengths: Tensor = torch.linalg.vector_norm(features, dim=1)
    return lengths
