"""The net of Convolutional Pose Machines (Wei et al., CVPR 2016, figure 2).

First stage: 9x9 convolutions of 128 channels, each before a pooling, three times; a 5x5 of 32, a 9x9 and a 1x1 of 512, a 1x1 to
the maps: stride 8. Each later stage sees features of the picture (three times a 9x9 of 128 and a pooling, a 5x5 of 32; the
same for all later stages), the maps of the stage before, and a bell in the middle of the crop, where the person is whose joints
are meant: three 11x11 of 128, a 1x1 of 128, a 1x1 to the maps.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from training.config import Config
from training.nets.backbones.convolution import initialise, scaled

_FIRST_MAPS = 0.01
"""Deviation of the weights of the last convolutions: the first maps are near 0, whatever the width."""
STRIDE = 8


class PoseMachineConfig(Config):
    """A pose machine.

    Attributes:
        width: factor of every channel count but the maps'; 1 = the paper's.
        stages: the paper's best have six.
        batch_norm: a normalisation behind each hidden convolution, for training from scratch in few steps; the paper has none.
        centre: deviation of the bell in the middle of the crop, as a part of its height.
    """

    width: float = Field(default=1.0, gt=0)
    stages: int = Field(default=6, ge=1)
    batch_norm: bool = False
    centre: float = Field(default=0.06, gt=0)


class PoseMachine(nn.Module):
    """Pictures, normalised, float32 (N, 3, H, W) -> each stage's maps, float32 (N, maps, H / 8, W / 8), the last one best."""

    def __init__(self, config: PoseMachineConfig, *, maps: int) -> None:
        super().__init__()
        self._centre = config.centre
        wide, channels, narrow = (scaled(count, config.width) for count in (512, 128, 32))
        norm = config.batch_norm
        self.first = nn.Sequential(
            *_picture_layers(channels, narrow, norm),
            *_layer(narrow, wide, 9, norm),
            *_layer(wide, wide, 1, norm),
            nn.Conv2d(wide, maps, 1),
        )
        self.picture = nn.Sequential(*_picture_layers(channels, narrow, norm)) if config.stages > 1 else None
        seen = narrow + maps + 1
        self.later = nn.ModuleList(_later_stage(seen, channels, maps, norm) for _ in range(config.stages - 1))
        initialise(self)
        for stage in (self.first, *self.later):
            assert isinstance(stage, nn.Sequential), "as made here"
            last = stage[-1]
            assert isinstance(last, nn.Conv2d), "as made here"
            nn.init.normal_(last.weight, std=_FIRST_MAPS)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        stages: list[Tensor] = [self.first(images)]
        if self.picture is not None:
            features = self.picture(images)
            middle = _middle(features, self._centre).expand(len(images), -1, -1, -1)
            for stage in self.later:
                stages.append(stage(torch.cat([features, stages[-1], middle], dim=1)))
        return tuple(stages)


def _middle(like: Tensor, deviation: float) -> Tensor:
    """The bell in the middle of maps (N, C, h, w): (1, 1, h, w)."""
    height, width = like.shape[2:]
    rows = torch.arange(height, device=like.device, dtype=like.dtype) - (height - 1) / 2
    columns = torch.arange(width, device=like.device, dtype=like.dtype) - (width - 1) / 2
    squared = rows[:, None].square() + columns[None, :].square()
    return torch.exp(-squared / (2 * (deviation * height) ** 2))[None, None]


def _picture_layers(channels: int, narrow: int, batch_norm: bool) -> list[nn.Module]:
    layers: list[nn.Module] = []
    before = 3
    for _ in range(3):
        layers += [*_layer(before, channels, 9, batch_norm), nn.MaxPool2d(2)]
        before = channels
    return [*layers, *_layer(channels, narrow, 5, batch_norm)]


def _later_stage(seen: int, channels: int, maps: int, batch_norm: bool) -> nn.Sequential:
    layers = _layer(seen, channels, 11, batch_norm)
    for kernel in (11, 11, 1):
        layers += _layer(channels, channels, kernel, batch_norm)
    return nn.Sequential(*layers, nn.Conv2d(channels, maps, 1))


def _layer(before: int, after: int, kernel: int, batch_norm: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, padding=kernel // 2)
    return [convolution, *([nn.BatchNorm2d(after)] if batch_norm else []), nn.ReLU(inplace=True)]
