"""Which backbone, told in a recipe; :func:`training.nets.backbones.build.build_backbone` makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from training.config import Config

BlockCount: TypeAlias = Annotated[int, Field(ge=1, le=26)]
"""Blocks of a group are named by the letters of the alphabet."""


class _Trunk(Config):
    """What every backbone is told.

    Attributes:
        width: factor of every channel count; 1 = as in its paper.
        checkpoint: a public ImageNet checkpoint (a state dict file) to start from; None = at random.
    """

    width: float = Field(default=1.0, gt=0)
    checkpoint: Path | None = None


class ResNetConfig(_Trunk):
    """ResNet-50, and its narrower and shallower relatives.

    Attributes:
        block: ``bottleneck`` (ResNet-50) or ``basic`` (ResNet-18: with ``blocks`` 2, 2, 2, 2).
        blocks: how many in conv2_x, conv3_x, conv4_x, conv5_x.
        last_stride: of conv5_x; 1 keeps a map of twice the height and width, as most re-identification does.
    """

    kind: Literal["resnet"] = "resnet"
    block: Literal["bottleneck", "basic"] = "bottleneck"
    blocks: tuple[BlockCount, BlockCount, BlockCount, BlockCount] = (3, 4, 6, 3)
    last_stride: Literal[1, 2] = 2


class AlexNetConfig(_Trunk):
    """AlexNet in the layout of torchvision."""

    kind: Literal["alexnet"] = "alexnet"


class DgdInceptionConfig(_Trunk):
    """The small InceptionNet of Domain Guided Dropout, for 144x56 pictures. There is no public ImageNet checkpoint of it."""

    kind: Literal["dgd_inception"] = "dgd_inception"
    checkpoint: None = None


class JointInceptionConfig(_Trunk):
    """The Inception of the joint-loss paper, Table I, for 219x103 pictures. Trained from scratch."""

    kind: Literal["joint_inception"] = "joint_inception"
    checkpoint: None = None


class OSNetConfig(_Trunk):
    """OSNet; public checkpoints are of widths 0.25, 0.5, 0.75 and 1."""

    kind: Literal["osnet"] = "osnet"


class NarrowResidualConfig(_Trunk):
    """A plain 3x3 residual trunk that trains on a CPU.

    Attributes:
        channels: of each of its four stages, before ``width``.
        blocks: how many in each stage.
        last_stride: of the last stage.
        instance_norm_up_to: blocks of at most so many channels (before ``width``) end in an instance normalisation; 0 = none.
    """

    kind: Literal["narrow_residual"] = "narrow_residual"
    channels: tuple[int, int, int, int] = (32, 64, 128, 256)
    blocks: tuple[BlockCount, BlockCount, BlockCount, BlockCount] = (1, 1, 1, 1)
    last_stride: Literal[1, 2] = 2
    instance_norm_up_to: int = Field(default=64, ge=0)
    checkpoint: None = None


BackboneConfig: TypeAlias = Annotated[
    ResNetConfig | AlexNetConfig | DgdInceptionConfig | JointInceptionConfig | OSNetConfig | NarrowResidualConfig,
    Field(discriminator="kind"),
]
