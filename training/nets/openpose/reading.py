"""Key points of the one person on a crop, off confidence maps.

Legend: N crops, U maps of h x w cells, K joints, J = 19 joints of :data:`sightline.skeleton.JOINTS`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.skeleton import JOINTS, indices
from training.nets.crop_pose.reading import cells
from training.nets.openpose.map_spec import MapSpec

_REACH = 1.0
"""Cells round the highest one that count for the place."""
_LEAST = 1e-6


def single_person(confidence: Tensor, spec: MapSpec) -> Tensor:
    """Maps (N, U, h, w) -> (N, J, 3): x, y in [0, 1] of the crop, and the height of the peak, in [0, 1].

    The place is the mean of the highest cell and those round it, each weighted by its value; joints that the maps do not have
    have confidence 0.
    """
    height, width = confidence.shape[2:]
    maps = confidence[:, : len(spec.joints)].clamp(min=0)
    values = maps.flatten(2)
    rows, columns = cells(maps)
    top, peak = values.max(dim=2, keepdim=True)
    near = ((rows - peak // width).abs() <= _REACH) & ((columns - peak % width).abs() <= _REACH)
    weight = (values + _LEAST) * near
    total = weight.sum(dim=2)
    x, y = ((weight * at).sum(dim=2) / total for at in (columns, rows))
    found = torch.stack([(x + 0.5) / width, (y + 0.5) / height, top[..., 0].clamp(max=1)], dim=2)
    everything = found.new_zeros(len(found), len(JOINTS), 3)
    everything[:, list(indices(spec.joints))] = found
    return everything
