"""From a config to a backbone."""

from __future__ import annotations

from typing import assert_never

from training.nets.backbones import alexnet, osnet, resnet
from training.nets.backbones.backbone import Backbone
from training.nets.backbones.checkpoints import load_public
from training.nets.backbones.config import (
    AlexNetConfig,
    BackboneConfig,
    DgdInceptionConfig,
    JointInceptionConfig,
    NarrowResidualConfig,
    OSNetConfig,
    ResNetConfig,
)
from training.nets.backbones.dgd_inception import dgd_inception
from training.nets.backbones.joint_inception import joint_inception
from training.nets.backbones.narrow_residual import narrow_residual


def build_backbone(config: BackboneConfig) -> Backbone:
    """The backbone, its weights at random by torch's generator or from its checkpoint.

    Raises:
        ConfigurationError: the checkpoint is not there or does not fit.
    """
    unused: tuple[str, ...]
    match config:
        case ResNetConfig():
            backbone, names, unused = resnet.resnet(config), resnet.public_names(config), ("fc.",)
        case AlexNetConfig():
            backbone, names, unused = alexnet.alexnet(config), alexnet.PUBLIC_NAMES, ("classifier.",)
        case OSNetConfig():
            backbone, names, unused = osnet.osnet(config), osnet.public_names(), ("fc.", "classifier.")
        case DgdInceptionConfig():
            return dgd_inception(config)
        case JointInceptionConfig():
            return joint_inception(config)
        case NarrowResidualConfig():
            return narrow_residual(config)
        case _:
            assert_never(config)
    if config.checkpoint is not None:
        load_public(backbone, config.checkpoint, names, unused=unused)
    return backbone


def build_alexnet_head(config: AlexNetConfig) -> alexnet.AlexNetHead:
    """FC6 and FC7 of AlexNet, from the checkpoint where the config has one.

    Raises:
        ConfigurationError: as :func:`build_backbone`.
    """
    head = alexnet.AlexNetHead(config)
    if config.checkpoint is not None:
        load_public(head, config.checkpoint, alexnet.PUBLIC_HEAD_NAMES, unused=("features.", "classifier.6."))
    return head
