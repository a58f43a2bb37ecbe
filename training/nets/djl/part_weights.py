"""Region Re-Weighting (DJL, section 3.3.3, eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PartWeights(nn.Module):
    """Y_i = w_i X_i: one learned scalar for each part, which multiplies all of its pooled features.

    The weights balance the parts, and, where several modules are joined, the scales of their layers.

    Args:
        parts: P.
        initial: of every weight; 10 in the paper.
    """

    def __init__(self, parts: int, *, initial: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((parts,), initial))

    def forward(self, pooled: Tensor) -> Tensor:
        """(N, P, C, h, w) -> the same shape."""
        return pooled * self.weight[:, None, None, None]
