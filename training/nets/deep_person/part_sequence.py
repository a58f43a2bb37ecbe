"""A person as a sequence of parts from head to foot (Deep-Person, section 3.2).

Legend: N people, P parts (rows of the backbone's map), C channels, U = 256 hidden units.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SummedBiLSTM(nn.Module):
    """One layer: what is read downwards and upwards goes through a linear layer each, and is summed. (N, P, C) -> (N, P, U)."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.downwards = nn.Linear(hidden, hidden)
        self.upwards = nn.Linear(hidden, hidden)

    def forward(self, parts: Tensor) -> Tensor:
        down, up = self.lstm(parts)[0].chunk(2, dim=-1)
        summed: Tensor = self.downwards(down) + self.upwards(up)
        return summed


class PartSequence(nn.Sequential):
    """Two layers, one on the other: each part is described in the light of all others. (N, P, C) -> (N, P, U)."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(SummedBiLSTM(features, hidden), SummedBiLSTM(hidden, hidden))


class PartSlices(nn.Module):
    """Without LSTM: a linear layer of its own for each part, which gives about as many parameters. (N, P, C) -> (N, P, U)."""

    def __init__(self, parts: int, features: int, hidden: int) -> None:
        super().__init__()
        self.slices = nn.ModuleList(nn.Linear(features, hidden) for _ in range(parts))

    def forward(self, parts: Tensor) -> Tensor:
        return torch.stack([layer(part) for layer, part in zip(self.slices, parts.unbind(dim=1), strict=True)], dim=1)
