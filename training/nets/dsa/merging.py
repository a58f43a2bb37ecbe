"""Merging branches: those of one group are added up (DSA-reID, Fig. 4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Merge(nn.Module):
    """(N, B C, h, w) of B branches -> (N, G C, h, w) of G groups, in the order of the groups.

    Args:
        groups: the branches of each, counted from 0; every branch is in one group.

    Raises:
        ValueError: a branch is in no group, or in two.
    """

    group_of: Tensor

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        super().__init__()
        branches = sorted(branch for group in groups for branch in group)
        if branches != list(range(len(branches))):
            raise ValueError(f"expected each branch in one group, got {[tuple(group) for group in groups]}")
        self._groups = len(groups)
        group_of = [number for branch in branches for number, group in enumerate(groups) if branch in group]
        self.register_buffer("group_of", torch.tensor(group_of), persistent=False)

    def forward(self, value: Tensor) -> Tensor:
        count, _, height, width = value.shape
        branches = value.reshape(count, len(self.group_of), -1, height, width)
        merged = branches.new_zeros((count, self._groups, *branches.shape[2:]))
        return merged.index_add(1, self.group_of, branches).reshape(count, -1, height, width)
