"""From maps to places: where on its map a joint is, to less than a cell, and whether it is seen there.

Legend: N crops, J joints, maps of h x w cells that reach one cell beyond the crop on each side. Places are x, y in [0, 1] of
the crop.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.nets.crop_pose.joint_maps import JointMaps

BORDER = 1
"""Cells of a map beyond the crop, on each side."""
_REACH = 2.0
"""Cells round the likeliest one that count for the place."""


def places(maps: JointMaps) -> Tensor:
    """x, y of every joint, (N, J, 2): the mean over the cells near the likeliest one, each weighted by its probability.

    The mean over a whole map (integral regression, Sun et al., ECCV 2018) lies between the left and the right knee where the
    net cannot tell them apart; the mean near the peak lies at one of them, and is as fine.
    """
    height, width = maps.places.shape[2:]
    chance = likelihood(maps.places)
    peak = chance.argmax(dim=2, keepdim=True)
    rows, columns = cells(maps.places)
    near = ((rows - peak // width).abs() <= _REACH) & ((columns - peak % width).abs() <= _REACH)
    weight = chance * near
    total = weight.sum(dim=2)
    x, y = ((weight * at).sum(dim=2) / total for at in (columns, rows))
    across, down = width - 2 * BORDER, height - 2 * BORDER
    xy = torch.stack([(x + 0.5 - BORDER) / across, (y + 0.5 - BORDER) / down], dim=2)
    return xy.clamp(0, 1)


def seen_logits(maps: JointMaps) -> Tensor:
    """How surely each joint is seen, (N, J): what the cells say of it, each as far as the joint is there.

    Where the joint is, is taken as said: the evidence does not move it (no gradient).
    """
    return (likelihood(maps.places).detach() * maps.seen.flatten(2)).sum(dim=2)


def likelihood(logits: Tensor) -> Tensor:
    """(N, J, h, w) -> (N, J, h w): a probability of each cell."""
    return logits.flatten(2).softmax(dim=2)


def cells(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of each cell of maps (…, h, w), in the order of their flat index: (h w,) each."""
    height, width = int(maps.shape[-2]), int(maps.shape[-1])
    rows = torch.arange(height, device=maps.device, dtype=maps.dtype).repeat_interleave(width)
    columns = torch.arange(width, device=maps.device, dtype=maps.dtype).repeat(height)
    return rows, columns
