"""The pixels of one limb: where each ray enters it, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    """Where on a limb n pixels lie.

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
    x, y = _powers(first_x, last_x), _powers(first_y, last_y).T
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


def _powers(first: int, last: int) -> Float32Array:
    """1, the pixels' places from the window's middle, and their squares: (3, last - first)."""
    powers = np.ones((3, last - first), np.float32)
    powers[1] = np.arange((first - last + 1) / 2, (last - first + 1) / 2, dtype=np.float32)
    np.square(powers[1], out=powers[2])
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


def surface(limbs: LimbStack, seen: Projected, index: int, points: Float32Array) -> Surface:
    """Where on a limb pixels lie whose rays enter it.

    Args:
        limbs, seen: the frame's limbs, as stacked and as projected.
        index: which of them.
        points: float32 (4, n), see :func:`placed`.
    """
    normal = seen.unprojection[index] @ points
    left, forward, along = normal[0], normal[1], normal[2].copy()
    slope, radius, length = float(seen.slope[index]), float(limbs.radii[index, 0]), float(limbs.length[index])
    beyond = along - np.minimum(np.maximum(along, 0), length)
    normal[2] = np.where(beyond == 0, (along * slope + radius) * -slope, beyond)
    return Surface(along, left, forward, normal, np.arctan2(left, forward))
