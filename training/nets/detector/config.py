"""What the person detector is made of."""

from __future__ import annotations

from pydantic import Field

from training.config import Config

STRIDES = (8, 16, 32)
"""Pixels of the input by cells of each level, the finest first."""


class DetectorConfig(Config):
    """A detector.

    Attributes:
        stem: channels of the first convolutions, of strides 2 and 4.
        channels: of the trunk's stages, of strides 8, 16 and 32.
        blocks: residual blocks of each stage.
        neck: channels of every level behind the neck.
        head: channels of the two convolutions of each level's head.
    """

    stem: tuple[int, int] = (16, 24)
    channels: tuple[int, int, int] = (48, 96, 192)
    blocks: tuple[int, int, int] = (1, 2, 1)
    neck: int = Field(default=48, ge=8)
    head: int = Field(default=48, ge=8)
