"""Painting limbs into the buffers: texture, soft light, and where on the body the surface lies.

First all limbs find out where they are the nearest; then what is seen is painted, once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray, Float64Array, IndexArray
from sightline.cameras.synthetic.buffers import FINER, TRUTH_AT, Box, Buffers
from sightline.cameras.synthetic.limbs import Limb, LimbStack
from sightline.cameras.synthetic.projection import Projected
from sightline.cameras.synthetic.ray_casting import Surface, cast, placed, surface
from sightline.cameras.synthetic.textures import SIDE
from sightline.types import Float32Array, UInt8Array

_AMBIENT, _SKY, _LAMP = 0.60, 0.16, 0.42
"""Light from everywhere, from above, and from the lamp; a surface that faces the lamp gets a little more than 1."""

_IN_PIXEL = FINER - 1
"""Mask of a sample's place within its pixel: :data:`FINER` is a power of two."""


def cover(limbs: LimbStack, seen: Projected, index: int, onto: Buffers, silhouette: BoolArray) -> None:
    """Let one limb stand where it is the nearest.

    Args:
        limbs, seen: the frame's limbs, as stacked and as projected.
        index: which of them.
        onto: ``depth`` and ``limb`` are changed in place.
        silhouette: bool, of the buffers' size: marked wherever the limb would be seen if nothing stood before it.
    """
    found = cast(limbs, seen, index)
    if found is None:
        return
    there = silhouette[found.window]
    np.logical_or(there, found.depth < np.inf, out=there)
    depth = onto.depth[found.window]
    nearest = found.depth < depth
    np.copyto(depth, found.depth, where=nearest)
    np.copyto(onto.limb[found.window], np.uint16(index + 1), where=nearest)


def paint_owner(
    limbs: LimbStack, seen: Projected, own: range, *, box: Box, owner: int, atlas: UInt8Array, lamp: Float64Array, onto: Buffers
) -> None:
    """Paint what is seen of one person, when all have been covered.

    Args:
        limbs, seen: the frame's limbs, as stacked and as projected.
        own: which of them are this person's.
        box: rows and columns of the buffers that hold all of them.
        owner: number in ``onto.owner``.
        atlas: the person's textures.
        lamp: float64 (3,), the direction of the light from the person, world, a unit vector.
        onto: changed in place.
    """
    nearest = onto.limb[box]
    mine = (nearest > own.start) & (nearest <= own.stop)
    onto.owner[box][mine] = owner
    numbers = nearest[mine]
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers, np.arange(own.start + 1, own.stop + 2), sorter=order).tolist()
    rows, columns = (places[order] + side.start for places, side in zip(np.nonzero(mine), box, strict=True))
    cells = rows * onto.limb.shape[1] + columns
    points, colour = placed(rows, columns, np.take(onto.depth, cells)), np.empty((len(cells), 3), np.uint8)
    read = np.flatnonzero(((rows & _IN_PIXEL) == TRUTH_AT) & ((columns & _IN_PIXEL) == TRUTH_AT))
    pixels = rows[read] // FINER * onto.part.shape[1] + columns[read] // FINER
    ends_read = np.searchsorted(read, ends).tolist()
    for index, samples, truths in zip(own, _slices(ends), _slices(ends_read), strict=True):
        if samples.start == samples.stop:
            continue
        found = surface(limbs, seen, index, points[:, samples])
        shaded = _texels(limbs, index, found, atlas) * np.repeat(_light(limbs, index, found, lamp), 3)
        colour[samples].reshape(-1)[:] = np.minimum(shaded, 255)
        _chart(limbs.limbs[index], found, read[truths] - samples.start, pixels[truths], onto)
    onto.colour.reshape(-1, 3)[cells] = colour


def _slices(ends: Sequence[int]) -> Iterator[slice]:
    return (slice(first, last) for first, last in pairwise(ends))


def _chart(limb: Limb, found: Surface, read: IndexArray, pixels: IndexArray, onto: Buffers) -> None:
    """Part, u and v of the samples ``read`` of one limb, into these pixels."""
    if limb.chart is None:
        onto.part.reshape(-1)[pixels] = 0
        return
    left, forward = found.left[read] * np.float32(limb.flat[0]), found.forward[read] * np.float32(limb.flat[1])
    part, u, v = limb.chart(found.along[read], found.angles[read], left, forward)
    onto.part.reshape(-1)[pixels], onto.u.reshape(-1)[pixels], onto.v.reshape(-1)[pixels] = part, u, v


def _texels(limbs: LimbStack, index: int, found: Surface, atlas: UInt8Array) -> UInt8Array:
    """uint8 (n * 3,): the nearest cell of the texture, which runs from cap to cap."""
    first, last = limbs.radii[index]
    last = 0.0 if limbs.limbs[index].open_end else last
    rows = (found.along + np.float32(first)) * np.float32(SIDE / (limbs.length[index] + first + last))
    columns = (found.angles + np.float32(math.pi)) * np.float32(SIDE / (2 * math.pi))
    cells = _within(rows) * SIDE + _within(columns)
    texels: UInt8Array = np.take(atlas[limbs.limbs[index].texture].reshape(-1, 3), cells, axis=0)
    return texels.reshape(-1)


def _within(cells: Float32Array) -> IndexArray:
    """Rows or columns of a texture."""
    return np.minimum(np.maximum(cells, 0), SIDE - 1).astype(np.intp)


def _light(limbs: LimbStack, index: int, found: Surface, lamp: Float64Array) -> Float32Array:
    """float32 (n,): Lambert's law for the lamp, and a sky that is brighter above."""
    axes, flat = limbs.axes[index], np.array((*limbs.flat[index], 1.0))
    toward = np.stack([_LAMP * (axes @ lamp), _SKY * axes[:, 2]]) / flat
    facing, upward = toward.astype(np.float32) @ found.normal
    size = np.float32(flat**-2) @ np.square(found.normal)
    light: Float32Array = np.maximum(facing, 0) + upward
    light /= np.sqrt(size + np.float32(1e-18))
    light += np.float32(_AMBIENT)
    return light
