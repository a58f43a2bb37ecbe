"""From a map to one vector a picture."""

from __future__ import annotations

from typing import Literal, TypeAlias, assert_never

import torch
from torch import Tensor, nn

Pooling: TypeAlias = Literal["average", "average_max", "gem"]


class GlobalAverage(nn.Module):
    """(N, C, h, w) -> (N, C)."""

    def forward(self, value: Tensor) -> Tensor:
        return value.mean(dim=(2, 3))


class GlobalAverageMax(nn.Module):
    """Average, then maximum, of every channel. (N, C, h, w) -> (N, 2 C)."""

    def forward(self, value: Tensor) -> Tensor:
        return torch.cat([value.mean(dim=(2, 3)), value.amax(dim=(2, 3))], dim=1)


class GeM(nn.Module):
    """Generalised mean (Radenovic et al., TPAMI 2019, eq. 3): the p-th root of the mean p-th power; p is learnt.

    p = 1 is the average, p without end the maximum. (N, C, h, w) -> (N, C); values below ``floor`` count as it.
    """

    def __init__(self, power: float = 3.0, *, floor: float = 1e-6) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor(power))
        self._floor = floor

    def forward(self, value: Tensor) -> Tensor:
        powered = value.float().clamp(min=self._floor).pow(self.power)
        return powered.mean(dim=(2, 3)).pow(1 / self.power)


def build_pooling(kind: Pooling, channels: int) -> tuple[nn.Module, int]:
    """The pooling, and how many features it makes of ``channels``."""
    match kind:
        case "average":
            return GlobalAverage(), channels
        case "average_max":
            return GlobalAverageMax(), 2 * channels
        case "gem":
            return GeM(), channels
        case _:
            assert_never(kind)
