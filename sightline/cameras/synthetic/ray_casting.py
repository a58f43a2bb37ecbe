"""The pixels of one limb: where each ray enters it, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sightline.cameras.synthetic.arrays import IndexArray
from sightline.cameras.synthetic.limbs import LimbStack
from sightline.cameras.synthetic.projection import Projected
from sightline.types import Float32Array

_CONE, _FIRST, _LAST = range(3)
_MISSED = np.float32(np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """How far away a limb is, if nothing stands before it.

    Attributes:
        window: rows and columns of the picture.
        depth: float32 (h, w), metres along the optical axis; infinite where the limb is not.
    """

    window: tuple[slice, slice]
    depth: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Where on their limbs n pixels lie.

    Attributes:
        along: float32 (n,), metres along the limb's axis from its start.
        left, forward: float32 (n,), of the surface in the limb's flattened frame, metres.
        normal: float32 (3, n), unscaled: (left, forward, its component along the axis).
        angles: float32 (n,), round the axis, radians; 0 = forward.
    """

    along: Float32Array
    left: Float32Array
    forward: Float32Array
    normal: Float32Array
    angles: Float32Array


def cast(limbs: LimbStack, seen: Projected, index: int) -> Cast | None:
    """Every ray that may meet limb ``index``; None = there are none."""
    first_x, first_y, last_x, last_y = seen.window[index].tolist()
    if first_x >= last_x or first_y >= last_y:
        return None
    x, y = _powers(last_x - first_x), _powers(last_y - first_y).T
    begin, length = float(seen.origin[index, 2]), float(limbs.length[index])
    with np.errstate(divide="ignore", invalid="ignore"):
        far, along = _entered(seen.forms[index, _CONE], x, y)
        along += begin - length / 2
        depth = np.where(np.abs(along, out=along) <= length / 2, far, _MISSED)
        for ball in (_FIRST,) if limbs.limbs[index].open_end else (_FIRST, _LAST):
            left, top, right, bottom = seen.balls[index, ball - _FIRST].tolist()
            columns, rows = slice(left - first_x, right - first_x), slice(top - first_y, bottom - first_y)
            far, along = _entered(seen.forms[index, ball], x[:, columns], y[rows])
            beyond = along <= -begin if ball == _FIRST else along >= length - begin
            within = depth[rows, columns]
            np.fmin(within, far, out=within, where=beyond)
    return Cast((slice(first_y, last_y), slice(first_x, last_x)), depth)


@lru_cache(maxsize=4096)
def _powers(count: int) -> Float32Array:
    """1, the places of so many pixels from the window's middle, and their squares: (3, count)."""
    powers = np.ones((3, count), np.float32)
    powers[1] = np.arange((1 - count) / 2, (1 + count) / 2, dtype=np.float32)
    np.square(powers[1], out=powers[2])
    powers.flags.writeable = False
    return powers


def _entered(forms: Float32Array, x: Float32Array, y: Float32Array) -> tuple[Float32Array, Float32Array]:
    """How far away the rays of the grid enter a surface, and how far along the axis from the camera's place: (h, w) each.

    Neither is a number where they miss it. All of the grid is computed: to pick out the rays that hit costs more than it
    saves.
    """
    disc, toward, minus_square, rise = y @ (forms @ x)
    far = np.sqrt(disc, out=disc)
    far += toward
    far /= minus_square
    rise *= far
    return far, rise


def placed(rows: IndexArray, columns: IndexArray, depth: Float32Array) -> Float32Array:
    """Pixels at these depths, metres along the optical axis, all (n,), as float32 (4, n): what :func:`surface` multiplies."""
    points = np.ones((4, len(depth)), np.float32)
    np.multiply(depth, columns, out=points[0], casting="same_kind")
    np.multiply(depth, rows, out=points[1], casting="same_kind")
    points[2] = depth
    return points


def surface(limbs: LimbStack, seen: Projected, own: slice, counts: IndexArray, points: Float32Array) -> Surface:
    """Where on limbs pixels lie whose rays enter them.

    All limbs at once: most have so few pixels that to call numpy for each of them costs more than what it computes.

    Args:
        limbs, seen: the frame's limbs, as stacked and as projected.
        own: which L of them.
        counts: int (L,): how many pixels each has; the first limb's come first.
        points: float32 (4, n), see :func:`placed`.
    """
    matrices = of_pixels(seen.unprojection[own].transpose(1, 2, 0), counts)
    normal = np.einsum("kjn,jn->kn", matrices, points)
    left, forward, along = normal[0], normal[1], normal[2].copy()
    slope, radius, length = of_pixels(np.stack([seen.slope[own], limbs.radii[own, 0], limbs.length[own]]), counts)
    beyond = along - np.minimum(np.maximum(along, 0), length)
    normal[2] = np.where(beyond == 0, (along * slope + radius) * -slope, beyond)
    return Surface(along, left, forward, normal, np.arctan2(left, forward))


def of_pixels(of_limbs: NDArray[np.floating], counts: IndexArray) -> Float32Array:
    """What is known of L limbs, of each of their pixels: (..., L) -> float32 (..., n)."""
    return np.repeat(of_limbs.astype(np.float32), counts, axis=-1)
