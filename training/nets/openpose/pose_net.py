"""The two-stream pose net of OpenPose (Cao et al., 2018, section 3.2 and figure 3), as LRDNN's pose branch uses it.

Trunk: VGG-19 up to conv4_2, then 3x3 convolutions of 256 and 128 channels: the map L, stride 8. First stage, each stream: three
3x3 of 128, a 1x1 of 512, a 1x1 to the maps. Each later stage sees L and both streams' maps: five 7x7 of 128, a 1x1 of 128, a
1x1 to the maps. LRDNN counts the trunk as the first of its four stages: three of two streams follow it (the paper's index 3
is the last), which is ``stages`` here.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor, nn

from training.config import Config
from training.nets.backbones.checkpoints import load_public
from training.nets.backbones.convolution import initialise, scaled
from training.nets.openpose.drawing import PoseMaps
from training.nets.openpose.map_spec import MapSpec

_VGG = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512))
"""Channels of VGG-19's 3x3 convolutions up to conv4_2; a 2x2 pooling between the groups."""

_VGG_LAYERS = 64
"""More than torchvision's longest VGG has."""

_FIRST_MAPS = 0.01
"""Deviation of the weights of the last convolutions, as in OpenPose: the first maps are near 0, whatever the width."""


class PoseNetConfig(Config):
    """A pose net.

    Attributes:
        width: factor of every channel count but the maps'; 1 = the paper's.
        stages: of two streams, behind the trunk.
        batch_norm: a normalisation behind each hidden convolution: for training from scratch, where the paper's net, which has
            none, starts from VGG-19.
        vgg_checkpoint: a public VGG-19 (with ``batch_norm``: VGG-19-BN) state dict for the trunk; None = at random.
    """

    width: float = Field(default=1.0, gt=0)
    stages: int = Field(default=3, ge=1)
    batch_norm: bool = False
    vgg_checkpoint: Path | None = None


class PoseNet(nn.Module):
    """Pictures, normalised, float32 (N, 3, H, W) -> both streams of every stage, (H / 8, W / 8) cells, the last one best.

    Raises:
        ConfigurationError: the checkpoint of the trunk does not fit.
    """

    def __init__(self, config: PoseNetConfig, spec: MapSpec) -> None:
        super().__init__()
        self.spec = spec
        channels = scaled(128, config.width)
        self.vgg = _vgg(config)
        before, middle = (scaled(count, config.width) for count in (512, 256))
        self.reduction = nn.Sequential(
            *_layer(before, middle, 3, config.batch_norm), *_layer(middle, channels, 3, config.batch_norm)
        )
        seen = channels + spec.confidence_maps + spec.affinity_fields
        self.confidence = nn.ModuleList(_streams(config, channels, seen, spec.confidence_maps))
        self.affinity = nn.ModuleList(_streams(config, channels, seen, spec.affinity_fields))
        self._initialise()
        if config.vgg_checkpoint is not None:
            later = tuple(f"features.{index}." for index in range(len(self.vgg), _VGG_LAYERS))
            load_public(self.vgg, config.vgg_checkpoint, {"features.": ""}, unused=("classifier.", *later))

    def _initialise(self) -> None:
        initialise(self)
        for stream in (*self.confidence, *self.affinity):
            assert isinstance(stream, nn.Sequential), "as _stream made it"
            last = stream[-1]
            assert isinstance(last, nn.Conv2d), "as _stream made it"
            nn.init.normal_(last.weight, std=_FIRST_MAPS)

    def forward(self, images: Tensor) -> tuple[PoseMaps, ...]:
        shared = self.reduction(self.vgg(images))
        stages = [PoseMaps(self.confidence[0](shared), self.affinity[0](shared))]
        for confidence, affinity in zip(self.confidence[1:], self.affinity[1:], strict=True):
            seen = torch.cat([shared, stages[-1].confidence, stages[-1].affinity], dim=1)
            stages.append(PoseMaps(confidence(seen), affinity(seen)))
        return tuple(stages)


def _vgg(config: PoseNetConfig) -> nn.Sequential:
    """Laid out as torchvision's ``features``, so that its checkpoints fit."""
    layers: list[nn.Module] = []
    channels = 3
    for group in _VGG:
        if layers:
            layers.append(nn.MaxPool2d(2))
        for count in (scaled(count, config.width) for count in group):
            layers += _layer(channels, count, 3, config.batch_norm)
            channels = count
    return nn.Sequential(*layers)


def _streams(config: PoseNetConfig, channels: int, seen: int, maps: int) -> list[nn.Sequential]:
    wide = scaled(512, config.width)
    first = _stream((channels, channels, channels, channels, wide), (3, 3, 3, 1), maps, config.batch_norm)
    hidden = (seen, *[channels] * 6)
    later = [_stream(hidden, (7, 7, 7, 7, 7, 1), maps, config.batch_norm) for _ in range(config.stages - 1)]
    return [first, *later]


def _stream(channels: tuple[int, ...], kernels: tuple[int, ...], maps: int, batch_norm: bool) -> nn.Sequential:
    """Hidden layers, and a 1x1 convolution to the maps."""
    layers: list[nn.Module] = []
    for (before, after), kernel in zip(pairwise(channels), kernels, strict=True):
        layers += _layer(before, after, kernel, batch_norm)
    return nn.Sequential(*layers, nn.Conv2d(channels[-1], maps, 1))


def _layer(before: int, after: int, kernel: int, batch_norm: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, padding=kernel // 2)
    return [convolution, *([nn.BatchNorm2d(after)] if batch_norm else []), nn.ReLU(inplace=True)]
