"""Residual blocks of several branches at once: G nets of one shape, each with its own weights, as one grouped convolution.

Branch g lies on the channels g C … (g + 1) C - 1. The result is that of G separate blocks of
:mod:`training.nets.backbones.residual_blocks`. Channels in the arguments are those of one branch.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from torch import Tensor, nn
from torch.nn import functional

BlockKind: TypeAlias = Literal["basic", "bottleneck"]

EXPANSION: dict[BlockKind, int] = {"basic": 1, "bottleneck": 4}
"""Channels of a block's output per plane."""


def grouped_conv(
    in_channels: int, out_channels: int, kernel: int, *, groups: int, stride: int = 1, shared_input: bool = False
) -> nn.Conv2d:
    """Convolutions that keep the size but for the stride: (N, G in_channels, h, w) -> (N, G out_channels, h', w').

    Args:
        groups: G.
        shared_input: every branch sees the same (N, in_channels, h, w).
    """
    inputs, split = (in_channels, 1) if shared_input else (groups * in_channels, groups)
    conv = nn.Conv2d(inputs, groups * out_channels, kernel, stride, kernel // 2, groups=split, bias=False)
    for branch in conv.weight.data.chunk(groups):  # He initialisation over the fan out of one branch, not of all
        nn.init.kaiming_normal_(branch, mode="fan_out", nonlinearity="relu")
    return conv


def grouped_conv_bn_relu(in_channels: int, out_channels: int, kernel: int, *, groups: int) -> nn.Sequential:
    """:func:`grouped_conv`, batch normalisation, ReLU."""
    conv = grouped_conv(in_channels, out_channels, kernel, groups=groups)
    return nn.Sequential(conv, nn.BatchNorm2d(groups * out_channels), nn.ReLU(inplace=True))


class GroupedBlock(nn.Module):
    """G basic or bottleneck blocks: (N, G in_channels, h, w) -> (N, G planes EXPANSION, h / stride, w / stride).

    Args:
        groups: G.
        shared_input: every branch sees the same (N, in_channels, h, w).
    """

    def __init__(
        self,
        kind: BlockKind,
        in_channels: int,
        planes: int,
        *,
        groups: int,
        stride: int = 1,
        shared_input: bool = False,
    ) -> None:
        super().__init__()
        out_channels = planes * EXPANSION[kind]
        layers: list[nn.Module] = []
        channels = in_channels
        for outputs, kernel, step in _layers(kind, planes, stride):
            layers += [nn.ReLU(inplace=True)] if layers else []
            layers += [
                grouped_conv(channels, outputs, kernel, groups=groups, stride=step, shared_input=shared_input and not layers),
                nn.BatchNorm2d(groups * outputs),
            ]
            channels = outputs
        self.residual = nn.Sequential(*layers)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels or shared_input:
            self.shortcut = nn.Sequential(
                grouped_conv(in_channels, out_channels, 1, groups=groups, stride=stride, shared_input=shared_input),
                nn.BatchNorm2d(groups * out_channels),
            )

    def forward(self, value: Tensor) -> Tensor:
        return functional.relu(self.residual(value) + self.shortcut(value), inplace=True)


def grouped_blocks(
    kind: BlockKind,
    in_channels: int,
    planes: int,
    *,
    groups: int,
    blocks: int,
    stride: int = 1,
    shared_input: bool = False,
) -> nn.Sequential:
    """``blocks`` blocks in a row; the first has the stride and the shared input."""
    out_channels = planes * EXPANSION[kind]
    first = GroupedBlock(kind, in_channels, planes, groups=groups, stride=stride, shared_input=shared_input)
    return nn.Sequential(first, *(GroupedBlock(kind, out_channels, planes, groups=groups) for _ in range(blocks - 1)))


def _layers(kind: BlockKind, planes: int, stride: int) -> tuple[tuple[int, int, int], ...]:
    """(outputs, kernel, stride) of each convolution."""
    if kind == "basic":
        return (planes, 3, stride), (planes, 3, 1)
    return (planes, 1, 1), (planes, 3, stride), (planes * EXPANSION[kind], 1, 1)
