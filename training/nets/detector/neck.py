"""The neck: what coarse levels know goes down to the fine ones, and back up.

Lin et al., "Feature Pyramid Networks" (CVPR 2017), with the way back up of Liu et al., "Path Aggregation Network" (CVPR 2018);
levels are added, not joined side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from training.nets.backbones.convolution import conv_bn_relu
from training.nets.detector.split_stage import SplitStage


class Neck(nn.Module):
    """Maps of (C_1, C_2, C_3) channels, the finest first -> as many of ``width`` channels, of the same sizes."""

    def __init__(self, channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(conv_bn_relu(each, width, 1) for each in channels)
        self.down = nn.ModuleList(SplitStage(width, width, blocks=1) for _ in channels[1:])
        self.shrink = nn.ModuleList(conv_bn_relu(width, width, 3, stride=2, padding=1) for _ in channels[1:])
        self.up = nn.ModuleList(SplitStage(width, width, blocks=1) for _ in channels[1:])

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        levels = [lateral(value) for lateral, value in zip(self.lateral, maps, strict=True)]
        for index in reversed(range(len(self.down))):
            coarser = functional.interpolate(levels[index + 1], scale_factor=2.0, mode="nearest")
            levels[index] = self.down[index](levels[index] + coarser)
        for index, (shrink, mix) in enumerate(zip(self.shrink, self.up, strict=True)):
            levels[index + 1] = mix(levels[index + 1] + shrink(levels[index]))
        return tuple(levels)
