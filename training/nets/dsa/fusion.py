"""Fusing the features of the two streams (DSA-reID, section 3.2.3 and Table 5)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

Fusion: TypeAlias = Literal["add", "concat"]


class Add(nn.Module):
    """z = f + d, element by element: (N, D), (N, D) -> (N, D)."""

    def forward(self, main: Tensor, guide: Tensor) -> Tensor:
        return main + guide


class ConcatFc(nn.Module):
    """Both side by side through a fully connected layer: (N, D), (N, D) -> (N, D)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.fc = nn.Linear(2 * features, features)

    def forward(self, main: Tensor, guide: Tensor) -> Tensor:
        fused: Tensor = self.fc(torch.cat([main, guide], dim=1))
        return fused


def build_fusion(kind: Fusion, features: int) -> nn.Module:
    """The fusion of D features."""
    return Add() if kind == "add" else ConcatFc(features)
