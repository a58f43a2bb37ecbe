"""What the net of key points is made of."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from training.config import Config


class CropPoseConfig(Config):
    """A trunk of basic residual blocks, and a top-down way back to the size of its first stage.

    Attributes:
        shrink: the crop is averaged over squares of so many pixels first: 256x128 is more than a small net needs, and the
            arithmetic falls with the square.
        stem: channels of the first convolution, of stride 2.
        channels: of the trunk's stages, each of stride 2.
        blocks: how many in each stage.
        pyramid: channels of the way back.
    """

    shrink: int = Field(default=2, ge=1)
    stem: int = Field(default=16, ge=1)
    channels: tuple[int, ...] = Field(default=(32, 64, 128, 192), min_length=1)
    blocks: tuple[int, ...] = (1, 1, 2, 1)
    pyramid: int = Field(default=48, ge=1)

    @model_validator(mode="after")
    def _stages_agree(self) -> Self:
        if len(self.blocks) != len(self.channels) or min(self.blocks) < 1:
            raise ValueError(f"expected blocks for each of the {len(self.channels)} stages, got {self.blocks}")
        return self

    @property
    def cell(self) -> int:
        """Pixels of the crop on a cell of the maps, down and across."""
        return self.shrink * 4

    @property
    def coarsest(self) -> int:
        """Pixels of the crop on a cell of the last stage; height and width of the crop are multiples of it."""
        return self.shrink << (len(self.channels) + 1)
