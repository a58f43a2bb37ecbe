"""How LRDNN joins its two branches: equations 5 to 7, the channel parse block and compact bilinear pooling.

The text leaves open, and :class:`FusionConfig` settles:

- *sketch width*: 2048, as many as pool5 has.
- *order*: batch normalisation, then the channel parse block. The other way round, the normalisation of each channel takes away
  what the block gave it.
- *how pool5 meets the maps*: compact bilinear pooling is taken at every cell of the map in front of pool5, to whose grid the
  pose maps are averaged, and pooled behind: what is kept is where each joint is, which pooling both first would lose (and
  figure 4 shows maps behind the fusion). ``pooled`` is that other reading.
- *affine*: equations 5 to 7 have no scale and shift, so the normalisations learn none.
- *signed square root*: the usual step behind bilinear pooling; the paper does not name it.
- *reduction* of the channel parse block: 4; SE-Net's 16 would leave three of 57 channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from training.config import Config
from training.nets.area_resize import area_resize
from training.nets.bilinear import CompactBilinear
from training.nets.lrdnn.channel_parse import ChannelParseBlock
from training.nets.openpose.drawing import PoseMaps

Stream = Literal["confidence", "affinity"]

_FLAT = 1e-6
"""Where the signed square root turns flat: its slope at 0 would have no end."""


class FusionConfig(Config):
    """How the branches are joined; the module's docstring says why.

    Attributes:
        sketch_width: d of compact bilinear pooling.
        channel_parse: weigh the channels of the pose maps.
        reduction: of the channel parse block.
        parse_first: the channel parse block before the batch normalisation.
        affine: the normalisations learn a scale and a shift.
        meet: bilinear pooling of ``cells``, or of the two branches ``pooled``.
        signed_root: sign(x) sqrt(|x|) of the sketch.
    """

    sketch_width: int = Field(default=2048, ge=2)
    channel_parse: bool = True
    reduction: int = Field(default=4, ge=1)
    parse_first: bool = False
    affine: bool = False
    meet: Literal["cells", "pooled"] = "cells"
    signed_root: bool = True


class PoseFusion(nn.Module):
    """(N, C, h, w) of the main branch and the pose maps of a person -> float32 (N, ``config.sketch_width``).

    Args:
        config: how.
        channels: C.
        streams: stream of the pose branch -> its channels; F, H and C are normalised apart.
    """

    def __init__(self, config: FusionConfig, channels: int, streams: Mapping[Stream, int]) -> None:
        super().__init__()
        self._config = config
        self._streams = tuple(streams)
        self.normalise_main = nn.BatchNorm2d(channels, affine=config.affine)
        self.normalise_pose = nn.ModuleDict(
            {stream: nn.BatchNorm2d(count, affine=config.affine) for stream, count in streams.items()}
        )
        maps = sum(streams.values())
        self.parse = ChannelParseBlock(maps, reduction=config.reduction) if config.channel_parse else nn.Identity()
        self.pooling: nn.Module = CompactBilinear((channels, maps), config.sketch_width)

    def forward(self, features: Tensor, maps: PoseMaps) -> Tensor:
        main, pose = self.operands(features, maps)
        sketch: Tensor = self.pooling(main.flatten(2), pose.flatten(2))
        return _signed_root(sketch) if self._config.signed_root else sketch

    def operands(self, features: Tensor, maps: PoseMaps) -> tuple[Tensor, Tensor]:
        """What is joined at each cell: the main branch (N, C, h, w), and the pose branch, weighed, (N, U + V, h, w)."""
        if self._config.meet == "pooled":
            features = features.mean(dim=(2, 3), keepdim=True)
        main: Tensor = self.normalise_main(features)
        grid = (int(features.shape[2]), int(features.shape[3]))
        streams = {stream: area_resize(getattr(maps, stream).to(main), grid) for stream in self._streams}
        return main, self._pose(streams)

    def _pose(self, streams: Mapping[Stream, Tensor]) -> Tensor:
        """All channels of the pose branch, normalised and weighed, (N, U + V, h, w)."""
        if not self._config.parse_first:
            normal = torch.cat([self.normalise_pose[name](value) for name, value in streams.items()], dim=1)
            weighed: Tensor = self.parse(normal)
            return weighed
        weighed = self.parse(torch.cat(list(streams.values()), dim=1))
        parts = torch.split(weighed, [value.shape[1] for value in streams.values()], dim=1)
        return torch.cat([self.normalise_pose[name](part) for name, part in zip(streams, parts, strict=True)], dim=1)

    def use_products(self) -> None:
        """Pool without Fourier transforms from now on: the same function, for export. The weights for training are gone."""
        if isinstance(self.pooling, CompactBilinear):
            self.pooling = self.pooling.as_products()


def _signed_root(value: Tensor) -> Tensor:
    return value.sign() * ((value.abs() + _FLAT).sqrt() - math.sqrt(_FLAT))
