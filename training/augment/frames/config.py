"""What happens to a training frame, as one typed value."""

from __future__ import annotations

from pydantic import Field

from training.config import Config


class FrameAugmentConfig(Config):
    """In this order.

    Attributes:
        mosaic: probability that four frames share the canvas instead of one.
        scale: the size of a frame alone, from and to, where 1 just fits it onto the canvas; drawn evenly in its logarithm.
        mosaic_scale: the same of each of four, where 1 just fits it onto its quarter.
        flip: probability of a mirror image.
        least_seen: people of whom a smaller part of the box is left have none.
        least_side_px: nor have those whose box is narrower or lower than this by then.
        colour_jitter: greatest relative change of brightness, contrast and saturation.
        channel_gain: greatest relative change of each colour channel alone.
        grey: probability of a picture without colours.
    """

    mosaic: float = Field(default=0.4, ge=0, le=1)
    scale: tuple[float, float] = (0.6, 1.6)
    mosaic_scale: tuple[float, float] = (0.9, 2.0)
    flip: float = Field(default=0.5, ge=0, le=1)
    least_seen: float = Field(default=0.3, ge=0, le=1)
    least_side_px: float = Field(default=4.0, ge=0)
    colour_jitter: float = Field(default=0.4, ge=0, le=1)
    channel_gain: float = Field(default=0.15, ge=0, le=1)
    grey: float = Field(default=0.05, ge=0, le=1)
