"""Convolution, batch normalisation, ReLU: the layer that every net here is made of."""

from __future__ import annotations

from typing import TypeAlias

from torch import nn

Pair: TypeAlias = int | tuple[int, int]


def conv_bn_relu(in_channels: int, out_channels: int, kernel: Pair, *, stride: Pair = 1, padding: Pair = 0) -> nn.Sequential:
    """(N, in_channels, h, w) -> (N, out_channels, h', w'). No bias: the normalisation would take it away."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def scaled(channels: int, width: float) -> int:
    """``channels`` of a narrower or wider net: a multiple of 8, for the sake of vector units, and at least 8."""
    return channels if width == 1.0 else max(8, round(channels * width / 8) * 8)


def initialise(net: nn.Module) -> None:
    """Convolutions by He et al. (ICCV 2015) over the fan out, normalisations 1 and 0; linear layers keep torch's own."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
