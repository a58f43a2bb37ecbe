"""Dense coordinates of the flipped picture."""

from __future__ import annotations

import numpy as np

from sightline.body_model.parts import FLIP, UNPAIRED
from sightline.types import DenseCoordinates

_FLIP = np.array(FLIP, np.uint8)


def mirrored(coordinates: DenseCoordinates) -> DenseCoordinates:
    """What the body model gives for the flipped picture: left and right change names, the torso's v runs the other way.

    This is the rule of our own charts (:mod:`sightline.body_model.charts`). DensePose's own charts of left and right parts
    are not mirror images of one another: its networks' maps need its own tables.
    """
    part = _FLIP[coordinates.part[..., ::-1]]
    u, v = coordinates.u[..., ::-1].copy(), coordinates.v[..., ::-1].copy()
    unpaired = np.isin(part, UNPAIRED)
    v[unpaired] = 1 - v[unpaired]
    return DenseCoordinates(part, u, v)
