"""What the net of dense coordinates is made of."""

from __future__ import annotations

from pydantic import Field

from training.config import Config
from training.nets.backbones.config import BackboneConfig, NarrowResidualConfig


class IuvConfig(Config):
    """A trunk that sees the person ever more coarsely, and a way back up to finer maps.

    Attributes:
        input_hw: height and width of what the trunk sees; larger crops are averaged down to it.
        backbone: its coarsest maps are used, as many as there are ``channels``.
        channels: of the way back up, from the coarsest map on.
        enlarge: the finest of them is enlarged so many times, by straight lines between its cells, to the maps that are given.
    """

    input_hw: tuple[int, int] = (128, 64)
    backbone: BackboneConfig = NarrowResidualConfig(channels=(16, 32, 80, 144), blocks=(1, 1, 1, 1), instance_norm_up_to=0)
    channels: tuple[int, ...] = Field(default=(80, 64, 48), min_length=1)
    enlarge: int = Field(default=2, ge=1)
