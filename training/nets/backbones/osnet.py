"""OSNet (Zhou et al., "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019, Table 1), laid out so that the
checkpoints of its authors' torchreid fit.

Stages: ``conv1`` (7x7/2), ``pool1``, ``conv2a``, ``conv2b``, ``pool2`` (1x1 and 2x2 average), ``conv3a``, ``conv3b``,
``pool3``, ``conv4a``, ``conv4b``, ``conv5`` (1x1).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.config import OSNetConfig
from training.nets.backbones.convolution import initialise

_CHANNELS = (64, 256, 384, 512)
_SCALES = 4
_REDUCTION = 4
_GATE_REDUCTION = 16


def osnet(config: OSNetConfig) -> Backbone:
    """512 channels (times ``width``) at stride 16; 1.9 M parameters at width 1, 0.13 M at 0.25."""
    backbone = Backbone(_stages(config.width))
    initialise(backbone)
    return backbone


def public_names() -> dict[str, str]:
    """Prefix in torchreid's state dict -> prefix in ours."""
    names = {"conv1.": "stages.conv1.", "conv5.": "stages.conv5."}
    for number in (2, 3, 4):
        names |= {f"conv{number}.0.": f"stages.conv{number}a.", f"conv{number}.1.": f"stages.conv{number}b."}
    return names | {f"conv{number}.2.0.": f"stages.pool{number}.0." for number in (2, 3)}


def _stages(width: float) -> Iterator[Stage]:
    channels = tuple(int(c * width) for c in _CHANNELS)
    yield Stage("conv1", ConvNorm(3, channels[0], 7, stride=2), channels[0], (2, 2))
    yield Stage("pool1", nn.MaxPool2d(3, 2, 1), channels[0], (4, 4))
    stride = 4
    for number, (before, after) in enumerate(pairwise(channels), start=2):
        yield Stage(f"conv{number}a", OmniScaleBlock(before, after), after, (stride, stride))
        yield Stage(f"conv{number}b", OmniScaleBlock(after, after), after, (stride, stride))
        if number < 4:
            stride *= 2
            yield Stage(f"pool{number}", nn.Sequential(ConvNorm(after, after, 1), nn.AvgPool2d(2, 2)), after, (stride, stride))
    yield Stage("conv5", ConvNorm(channels[-1], channels[-1], 1), channels[-1], (stride, stride))


class ConvNorm(nn.Module):
    """Convolution, batch normalisation and, unless it is linear, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, linear: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)
        self._linear = linear

    def forward(self, value: Tensor) -> Tensor:
        normed: Tensor = self.bn(self.conv(value))
        return normed if self._linear else functional.relu(normed, inplace=True)


class LiteConv3x3(nn.Module):
    """A 3x3 convolution factorised into a linear 1x1 and a depthwise 3x3 (section 3.1)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, value: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv2(self.conv1(value))), inplace=True)


class AggregationGate(nn.Module):
    """What each channel of a stream counts, from its own average (section 3.2); one gate is shared by all streams."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, max(1, channels // _GATE_REDUCTION), 1)
        self.fc2 = nn.Conv2d(max(1, channels // _GATE_REDUCTION), channels, 1)

    def forward(self, value: Tensor) -> Tensor:
        hidden = functional.relu(self.fc1(value.mean(dim=(2, 3), keepdim=True)), inplace=True)
        gates: Tensor = self.fc2(hidden).sigmoid()
        return value * gates


class OmniScaleBlock(nn.Module):
    """A residual block of four streams, whose receptive fields are 3, 5, 7 and 9 cells (figure 4b)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        inside = out_channels // _REDUCTION
        self.conv1 = ConvNorm(in_channels, inside, 1)
        self.conv2a = LiteConv3x3(inside)
        self.conv2b, self.conv2c, self.conv2d = (
            nn.Sequential(*(LiteConv3x3(inside) for _ in range(depth))) for depth in range(2, _SCALES + 1)
        )
        self.gate = AggregationGate(inside)
        self.conv3 = ConvNorm(inside, out_channels, 1, linear=True)
        self.downsample = None if in_channels == out_channels else ConvNorm(in_channels, out_channels, 1, linear=True)

    def forward(self, value: Tensor) -> Tensor:
        reduced = self.conv1(value)
        streams = (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        first, *others = (self.gate(stream(reduced)) for stream in streams)
        for other in others:
            first = first + other
        total: Tensor = self.conv3(first) + (value if self.downsample is None else self.downsample(value))
        return functional.relu(total, inplace=True)
