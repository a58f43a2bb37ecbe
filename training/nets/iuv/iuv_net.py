"""The net of dense coordinates: a residual trunk, a way back up to finer maps, and one layer for all that is predicted.

What it predicts is DensePose's (Guler et al., CVPR 2018, section 4.2): for each cell which of 25 classes it shows, and for
each of the 24 parts the coordinates u and v that the cell would have on it. The way up adds finer maps to coarser ones, as
feature pyramids do (Lin et al., CVPR 2017).

Legend: N crops, H x W pixels of the crop, h x w cells of the maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from sightline.body_model.parts import PARTS
from training.nets.backbones.build import build_backbone
from training.nets.backbones.convolution import conv_bn_relu, initialise
from training.nets.iuv.config import IuvConfig
from training.nets.normalise import Normalise

CLASSES = len(PARTS)
"""Background and 24 parts."""

_FIRST_MAPS = 0.01
"""Deviation of the last layer's weights: the first loss is that of knowing nothing."""


@dataclass(frozen=True, slots=True)
class IuvMaps:
    """What the net says of each cell.

    Attributes:
        part: logits (N, 25, h, w).
        u, v: (N, 24, h, w): the coordinates on each part, ids 1 to 24 in order; near [0, 1], not held to it.
    """

    part: Tensor
    u: Tensor
    v: Tensor


class IuvNet(nn.Module):
    """uint8 crops (N, 3, H, W) RGB -> maps of the crop.

    Raises:
        ValueError: there are more channels than the backbone has resolutions. When called: the crop is not a whole number of
            times as large as what the trunk sees.
    """

    def __init__(self, config: IuvConfig) -> None:
        super().__init__()
        self._input_hw, self._enlarge = config.input_hw, config.enlarge
        self.normalise = Normalise()
        self.backbone = build_backbone(config.backbone)
        coarsest_first = tuple(reversed(self.backbone.deepest()))
        if len(config.channels) > len(coarsest_first):
            raise ValueError(f"expected at most {len(coarsest_first)} channel counts, one for each resolution of the trunk")
        self._levels = coarsest_first[: len(config.channels)]
        self.way_up = WayUp([self.backbone.channels[name] for name in self._levels], config.channels)
        self.maps = nn.Conv2d(config.channels[-1], CLASSES + 2 * (CLASSES - 1), 1)
        nn.init.normal_(self.maps.weight, std=_FIRST_MAPS)

    def forward(self, images: Tensor) -> IuvMaps:
        found = self.backbone(self._seen(images))
        every = self.maps(self.way_up([found[name] for name in self._levels]))
        if self._enlarge > 1:
            every = functional.interpolate(every, scale_factor=float(self._enlarge), mode="bilinear", align_corners=False)
        return IuvMaps(*every.split((CLASSES, CLASSES - 1, CLASSES - 1), dim=1))

    def _seen(self, images: Tensor) -> Tensor:
        height, width = int(images.shape[2]), int(images.shape[3])
        down, across = height // self._input_hw[0], width // self._input_hw[1]
        if (height, width) != (down * self._input_hw[0], across * self._input_hw[1]):
            raise ValueError(f"expected crops a whole number of times {self._input_hw}, got {(height, width)}")
        normalised: Tensor = self.normalise(images)
        return normalised if down == across == 1 else functional.avg_pool2d(normalised, (down, across))


class WayUp(nn.Module):
    """Maps from the coarsest on, each twice as large as the one before -> one as fine as the last of them.

    Args:
        seen: channels of the maps.
        channels: of what is made of each.
    """

    def __init__(self, seen: Sequence[int], channels: Sequence[int]) -> None:
        super().__init__()
        self.begin = conv_bn_relu(seen[0], channels[0], 1)
        self.narrow = nn.ModuleList(nn.Conv2d(before, after, 1) for before, after in pairwise(channels))
        self.across = nn.ModuleList(nn.Conv2d(*pair, 1) for pair in zip(seen[1:], channels[1:], strict=True))
        self.mix = nn.ModuleList(conv_bn_relu(count, count, 3, padding=1) for count in channels[1:])
        initialise(self)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        value: Tensor = self.begin(maps[0])
        for finer, narrow, across, mix in zip(maps[1:], self.narrow, self.across, self.mix, strict=True):
            value = mix(functional.interpolate(narrow(value), scale_factor=2.0, mode="nearest") + across(finer))
        return value
