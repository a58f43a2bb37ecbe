"""Painting limbs into the buffers: texture, soft light, and where on the body the surface lies.

First all limbs find out where they are the nearest; then what is seen is painted, once. A pixel in which only one limb is seen
is painted by one of its samples; where limbs meet, each sample is (multisample anti-aliasing: smooth edges, shaded once).
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray, Float64Array, IndexArray, UInt16Array
from sightline.cameras.synthetic.buffers import FINER, TRUTH_AT, Box, Buffers
from sightline.cameras.synthetic.limbs import Limb, LimbStack
from sightline.cameras.synthetic.projection import Projected
from sightline.cameras.synthetic.ray_casting import Surface, cast, of_pixels, placed, surface
from sightline.cameras.synthetic.textures import SIDE
from sightline.types import Float32Array, UInt8Array

_AMBIENT, _SKY, _LAMP = 0.60, 0.16, 0.42
"""Light from everywhere, from above, and from the lamp; a surface that faces the lamp gets a little more than 1."""

_OTHERS = tuple((row, column) for row in range(FINER) for column in range(FINER) if (row, column) != (TRUTH_AT, TRUTH_AT))
"""A pixel's samples but for the one at which its truth is read."""

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
    limbs: LimbStack, seen: Projected, own: slice, *, box: Box, owner: int, atlas: UInt8Array, lamp: Float64Array, onto: Buffers
) -> None:
    """Paint what is seen of one person, when all have been covered.

    Args:
        limbs, seen: the frame's limbs, as stacked and as projected.
        own: which of them are this person's.
        box: rows and columns of the buffers that hold all of them, of whole pixels.
        owner: number in ``onto.owner``.
        atlas: the person's textures.
        lamp: float64 (3,), the direction of the light from the person, world, a unit vector.
        onto: changed in place.
    """
    nearest = onto.limb[box]
    mine = (nearest > own.start) & (nearest <= own.stop)
    onto.owner[box][mine] = owner
    alone = _alone(nearest)
    for row, column in _OTHERS:
        mine[row::FINER, column::FINER] &= ~alone
    numbers = nearest[mine]
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers, np.arange(own.start + 1, own.stop + 2), sorter=order)
    counts = np.diff(ends)
    rows, columns = (places[order] + side.start for places, side in zip(np.nonzero(mine), box, strict=True))
    cells = rows * onto.limb.shape[1] + columns
    read = np.flatnonzero(((rows & _IN_PIXEL) == TRUTH_AT) & ((columns & _IN_PIXEL) == TRUTH_AT))
    pixels = rows[read] // FINER * onto.part.shape[1] + columns[read] // FINER
    found = surface(limbs, seen, own, counts, placed(rows, columns, np.take(onto.depth, cells)))
    shaded = _texels(limbs, own, counts, found, atlas) * _light(limbs, own, counts, found, lamp)[:, None]
    colour = np.minimum(shaded, 255).astype(np.uint8)
    for limb, truths in zip(limbs.limbs[own], pairwise(np.searchsorted(read, ends).tolist()), strict=True):
        mine_read = slice(*truths)
        _chart(limb, found, read[mine_read], pixels[mine_read], onto)
    samples = onto.colour.reshape(-1, 3)
    samples[cells] = colour
    whole = read[alone[rows[read] // FINER - box[0].start // FINER, columns[read] // FINER - box[1].start // FINER]]
    cells, colour = cells[whole], colour[whole]
    for row, column in _OTHERS:
        samples[cells + (row - TRUTH_AT) * onto.limb.shape[1] + column - TRUTH_AT] = colour


def _alone(nearest: UInt16Array) -> BoolArray:
    """Of each pixel: whether all its samples (FINER h, FINER w) are of one limb. (h, w)"""
    of_pixel = nearest[TRUTH_AT::FINER, TRUTH_AT::FINER]
    alone = np.ones(of_pixel.shape, np.bool_)
    for row, column in _OTHERS:
        alone &= nearest[row::FINER, column::FINER] == of_pixel
    return alone


def _chart(limb: Limb, found: Surface, read: IndexArray, pixels: IndexArray, onto: Buffers) -> None:
    """Part, u and v of the samples ``read``, all of one limb, into these pixels."""
    if not len(read):
        return
    if limb.chart is None:
        onto.part.reshape(-1)[pixels] = 0
        return
    left, forward = found.left[read] * np.float32(limb.flat[0]), found.forward[read] * np.float32(limb.flat[1])
    part, u, v = limb.chart(found.along[read], found.angles[read], left, forward)
    onto.part.reshape(-1)[pixels], onto.u.reshape(-1)[pixels], onto.v.reshape(-1)[pixels] = part, u, v


def _texels(limbs: LimbStack, own: slice, counts: IndexArray, found: Surface, atlas: UInt8Array) -> UInt8Array:
    """uint8 (n, 3): the nearest cell of each limb's texture, which runs from cap to cap."""
    mine = limbs.limbs[own]
    first = limbs.radii[own, 0]
    last = np.where([limb.open_end for limb in mine], 0.0, limbs.radii[own, 1])
    start, rate = of_pixels(np.stack([first, SIDE / (limbs.length[own] + first + last)]), counts)
    textures = np.repeat(np.array([limb.texture * SIDE for limb in mine], np.intp), counts)
    rows = textures + _within((found.along + start) * rate)
    columns = _within((found.angles + np.float32(math.pi)) * np.float32(SIDE / (2 * math.pi)))
    texels: UInt8Array = np.take(atlas.reshape(-1, 3), rows * SIDE + columns, axis=0)
    return texels


def _within(cells: Float32Array) -> IndexArray:
    """Rows or columns of a texture."""
    return np.minimum(np.maximum(cells, 0), SIDE - 1).astype(np.intp)


def _light(limbs: LimbStack, own: slice, counts: IndexArray, found: Surface, lamp: Float64Array) -> Float32Array:
    """float32 (n,): Lambert's law for the lamp, and a sky that is brighter above."""
    axes = limbs.axes[own]
    flat = np.concatenate([limbs.flat[own], np.ones((len(axes), 1))], axis=1)
    toward = np.stack([_LAMP * (axes @ lamp), _SKY * axes[:, :, 2]]) / flat
    facing, upward = np.einsum("skn,kn->sn", of_pixels(toward.transpose(0, 2, 1), counts), found.normal)
    size = np.einsum("kn,kn,kn->n", of_pixels(flat.T**-2, counts), found.normal, found.normal)
    light: Float32Array = np.maximum(facing, 0) + upward
    light /= np.sqrt(size + np.float32(1e-18))
    light += np.float32(_AMBIENT)
    return light
