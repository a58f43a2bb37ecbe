"""The global feature of DJL's base networks (section 4.2.3): FC7 of AlexNet and Inception, Pool5 of ResNet-50."""

from __future__ import annotations

from torch import nn

from training.nets.backbones.backbone import Backbone
from training.nets.backbones.build import build_alexnet_head
from training.nets.backbones.config import AlexNetConfig, BackboneConfig, DgdInceptionConfig
from training.nets.backbones.convolution import scaled
from training.nets.backbones.dgd_inception import FC7_CHANNELS
from training.nets.heads.fully_connected import fully_connected
from training.nets.pooling import GlobalAverage


def global_feature(config: BackboneConfig, backbone: Backbone) -> tuple[nn.Module, int]:
    """From the last map (N, C, h, w) to the global feature (N, D), and D.

    Other backbones than the paper's three end as ResNet-50 does, in the average of their last map.
    """
    channels = backbone.channels[backbone.last]
    if isinstance(config, AlexNetConfig):
        head = build_alexnet_head(config)
        return head, head.out_features
    if isinstance(config, DgdInceptionConfig):
        features = scaled(FC7_CHANNELS, config.width)
        return nn.Sequential(GlobalAverage(), fully_connected(channels, features, dropout=0.5)), features
    return GlobalAverage(), channels
