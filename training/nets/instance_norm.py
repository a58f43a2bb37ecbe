"""Instance normalisation (Ulyanov et al., 2016) that learns fast on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class InstanceNorm(nn.Module):
    """Every channel of every picture to mean 0 and variance 1 over its cells, then scale and shift. (N, C, h, w) -> the same.

    torch's own instance and group normalisation spend, in bfloat16 on channels-last maps, more time than the convolutions
    beside them (``benchmarks/backbones.py``), so while learning on a CPU the sums are products with a row of ones. Anywhere
    else, and in an exported graph, it is torch's own.
    """

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self._eps = eps

    def forward(self, value: Tensor) -> Tensor:
        if self.training and value.device.type == "cpu":
            return self._by_products(value)
        # Groups of one channel; unlike instance_norm it takes an empty batch.
        return functional.group_norm(value, len(self.weight), self.weight, self.bias, self._eps)

    def _by_products(self, value: Tensor) -> Tensor:
        count, channels, height, width = value.shape
        cells = value.permute(0, 2, 3, 1).reshape(count, height * width, channels)
        ones = cells.new_ones(1, 1, height * width).expand(count, -1, -1)
        mean = torch.bmm(ones, cells).float() / (height * width)
        centred = cells - mean.to(cells.dtype)
        variance = torch.bmm(ones, centred.square()).float() / (height * width)
        scale = torch.rsqrt(variance + self._eps) * self.weight
        normed = centred * scale.to(cells.dtype) + self.bias.to(cells.dtype)
        return normed.reshape(count, height, width, channels).permute(0, 3, 1, 2)
