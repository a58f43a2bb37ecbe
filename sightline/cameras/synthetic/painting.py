"""Painting limbs into the buffers: texture, soft light, and where on the body the surface lies."""

from __future__ import annotations

import math

import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray, Float64Array, IndexArray
from sightline.cameras.synthetic.buffers import Buffers
from sightline.cameras.synthetic.limbs import LimbStack
from sightline.cameras.synthetic.projection import Projected
from sightline.cameras.synthetic.ray_casting import Hits, cast
from sightline.cameras.synthetic.textures import SIDE
from sightline.types import Float32Array, UInt8Array

_AMBIENT, _SKY, _LAMP = 0.60, 0.16, 0.42
"""Light from everywhere, from above, and from the lamp; a surface that faces the lamp gets a little more than 1."""


def paint_limb(
    limbs: LimbStack,
    seen: Projected,
    index: int,
    *,
    atlas: UInt8Array,
    lamp: Float64Array,
    onto: Buffers,
    silhouette: BoolArray,
) -> None:
    """Paint one limb where it is the nearest.

    Args:
        limbs, seen: the frame's limbs, as stacked and as projected.
        index: which of them.
        atlas: its owner's textures.
        lamp: float64 (3,), the direction of the light from its owner, world, a unit vector.
        onto: changed in place.
        silhouette: bool, of the buffers' size: marked wherever the limb would be seen if nothing stood before it.
    """
    hits = cast(limbs, seen, index)
    if hits is None:
        return
    width = silhouette.shape[1]
    cells = hits.rows * width + hits.columns
    silhouette.reshape(-1)[cells] = True
    nearest = np.flatnonzero(hits.depth < onto.depth.reshape(-1)[cells])
    if not len(nearest):
        return
    if len(nearest) < len(cells):
        hits, cells = _chosen(hits, nearest), cells[nearest]
    angles = np.arctan2(hits.left, hits.forward)
    onto.depth.reshape(-1)[cells] = hits.depth
    onto.owner.reshape(-1)[cells] = limbs.owner[index] + 1
    light = _light(limbs, index, hits, lamp)
    onto.colour.reshape(-1, 3)[cells] = np.minimum(_texels(limbs, index, hits, angles, atlas) * light[:, None], 255)
    chart = limbs.limbs[index].chart
    if chart is None:
        onto.part.reshape(-1)[cells] = 0
        return
    beside = limbs.flat[index].astype(np.float32)
    part, u, v = chart(hits.along, angles, hits.left * beside[0], hits.forward * beside[1])
    onto.part.reshape(-1)[cells], onto.u.reshape(-1)[cells], onto.v.reshape(-1)[cells] = part, u, v


def _chosen(hits: Hits, places: IndexArray) -> Hits:
    return Hits(
        hits.rows[places], hits.columns[places], hits.depth[places], hits.along[places],
        hits.left[places], hits.forward[places], hits.tilt[places],
    )  # fmt: skip


def _texels(limbs: LimbStack, index: int, hits: Hits, angles: Float32Array, atlas: UInt8Array) -> UInt8Array:
    """uint8 (n, 3): the nearest cell of the texture, which runs from cap to cap."""
    first, last = limbs.radii[index]
    last = 0.0 if limbs.limbs[index].open_end else last
    rows = (hits.along + np.float32(first)) * np.float32(SIDE / (limbs.length[index] + first + last))
    columns = (angles + np.float32(math.pi)) * np.float32(SIDE / (2 * math.pi))
    cells = np.clip(rows, 0, SIDE - 1).astype(np.intp) * SIDE + np.clip(columns, 0, SIDE - 1).astype(np.intp)
    texels: UInt8Array = atlas[limbs.limbs[index].texture].reshape(-1, 3)[cells]
    return texels


def _light(limbs: LimbStack, index: int, hits: Hits, lamp: Float64Array) -> Float32Array:
    """float32 (n,): Lambert's law for the lamp, and a sky that is brighter above."""
    flat, axes = limbs.flat[index].astype(np.float32), limbs.axes[index]
    left, forward = hits.left / flat[0], hits.forward / flat[1]
    size = np.sqrt(left * left + forward * forward + hits.tilt * hits.tilt) + np.float32(1e-9)
    to_lamp, up = (axes @ lamp).astype(np.float32), axes[:, 2].astype(np.float32)
    facing = (left * to_lamp[0] + forward * to_lamp[1] + hits.tilt * to_lamp[2]) / size
    upward = (left * up[0] + forward * up[1] + hits.tilt * up[2]) / size
    light: Float32Array = np.float32(_AMBIENT) + np.float32(_SKY) * upward + np.float32(_LAMP) * np.maximum(facing, 0)
    return light
