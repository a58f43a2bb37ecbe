"""The pixels of one limb: where each ray enters it, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray, IndexArray
from sightline.cameras.synthetic.limbs import LimbStack
from sightline.cameras.synthetic.projection import Projected
from sightline.types import Float32Array

_CONE, _FIRST, _LAST = range(3)

Row = Sequence[float]
"""Coefficients as Python's numbers: arrays stay float32, and a limb has too few pixels for numpy's own scalars."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """n pixels that show a limb, if nothing stands before it.

    Attributes:
        rows, columns: intp (n,), of the picture.
        depth: float32 (n,), metres along the optical axis.
        along: float32 (n,), metres along the limb's axis from its start.
        left, forward: float32 (n,), of the surface in the limb's flattened frame, metres.
        tilt: float32 (n,): the normal's component along the axis, where (left, forward, tilt) is the normal, unscaled.
    """

    rows: IndexArray
    columns: IndexArray
    depth: Float32Array
    along: Float32Array
    left: Float32Array
    forward: Float32Array
    tilt: Float32Array


@dataclass(frozen=True, slots=True)
class _Form:
    """One limb's share of :class:`Projected`, and its measures."""

    disc: Sequence[Sequence[Row]]
    linear: Sequence[Row]
    square: Sequence[Sequence[Row]]
    matrix: Sequence[Row]
    origin: Row
    slope: float
    length: float
    radius: float
    open_end: bool


def cast(limbs: LimbStack, seen: Projected, index: int) -> Hits | None:
    """The pixels that show limb ``index``; None = there are none."""
    first_x, first_y, last_x, last_y = seen.window[index].tolist()
    if first_x >= last_x or first_y >= last_y:
        return None
    form = _form(limbs, seen, index)
    x = np.arange(first_x, last_x, dtype=np.float32) + (0.5 - (first_x + last_x) / 2)
    y = (np.arange(first_y, last_y, dtype=np.float32) + (0.5 - (first_y + last_y) / 2))[:, None]
    discs = [_on_grid(disc, x, y).reshape(-1) for disc in form.disc]
    candidates = np.flatnonzero(np.maximum(np.maximum(discs[_CONE], discs[_FIRST]), discs[_LAST]) > 0)
    if not len(candidates):
        return None
    rows = candidates // (last_x - first_x)
    columns = candidates - rows * (last_x - first_x)  # half of what divmod takes
    found = _entry(form, (x[columns], y[rows, 0]), [disc[candidates] for disc in discs])
    return _at(found, rows + first_y, columns + first_x)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """Where the rays of the candidates enter the limb; depth is infinite where they miss it."""

    depth: Float32Array
    along: Float32Array
    left: Float32Array
    forward: Float32Array
    tilt: Float32Array


def _entry(form: _Form, at: tuple[Float32Array, Float32Array], discs: Sequence[Float32Array]) -> _Entry:
    """The limb has no dents: a ray that enters through the cone enters through no ball; those are for the rest."""
    rise = _line(form.matrix[2], at)
    depth, along, tilt = np.full_like(rise, np.inf), np.zeros_like(rise), np.zeros_like(rise)
    _surface(form, _CONE, (*at, rise), discs[_CONE], _Found(None, depth, along, tilt))
    rest = np.flatnonzero(depth == np.inf)
    if len(rest):
        there = (at[0][rest], at[1][rest], rise[rest])
        for surface in (_FIRST,) if form.open_end else (_FIRST, _LAST):
            _surface(form, surface, there, discs[surface][rest], _Found(rest, depth, along, tilt))
    finite = np.where(depth < np.inf, depth, np.float32(0))
    left, forward = (finite * _line(form.matrix[axis], at) + form.origin[axis] for axis in (0, 1))
    return _Entry(depth, along, left, forward, tilt)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The nearest entries so far; ``places``: which of them are being looked at, None = all. Changed in place."""

    places: IndexArray | None
    depth: Float32Array
    along: Float32Array
    tilt: Float32Array


def _surface(form: _Form, surface: int, at: tuple[Float32Array, ...], disc: Float32Array, found: _Found) -> None:
    """Where the rays of x, y (and the rise along the axis, a metre) enter one of the limb's surfaces."""
    rise = at[2]
    far = (-_line(form.linear[surface], at) - np.sqrt(np.maximum(disc, 0))) / _at_points(form.square[min(surface, 1)], at)
    along: Float32Array = (far * rise + form.origin[2]).astype(np.float32, copy=False)
    valid = np.flatnonzero((disc > 0) & _on(surface, along, form.length) & (far > 0))
    places = valid if found.places is None else found.places[valid]
    far, along = far[valid], along[valid]
    if found.places is not None:
        nearer = far < found.depth[places]
        places, far, along = places[nearer], far[nearer], along[nearer]
    found.depth[places], found.along[places], found.tilt[places] = far, along, _tilt(form, surface, along)


def _on(surface: int, along: Float32Array, length: float) -> BoolArray:
    """Whether a point of a surface is a point of the limb: each has its stretch of the axis."""
    if surface == _CONE:
        return (along >= 0) & (along <= length)
    return along <= 0 if surface == _FIRST else along >= length


def _tilt(form: _Form, surface: int, along: Float32Array) -> Float32Array:
    """The normal's component along the axis."""
    if surface == _CONE:
        return (along * form.slope + form.radius) * -form.slope
    return along if surface == _FIRST else along - form.length


def _at(found: _Entry, rows: IndexArray, columns: IndexArray) -> Hits | None:
    """Without those that missed."""
    inside = np.flatnonzero(found.depth < np.inf)
    if not len(inside):
        return None
    values = (found.depth, found.along, found.left, found.forward, found.tilt)
    return Hits(rows[inside], columns[inside], *(value[inside] for value in values))


def _form(limbs: LimbStack, seen: Projected, index: int) -> _Form:
    return _Form(
        seen.disc[index].tolist(),
        seen.linear[index].tolist(),
        seen.square[index].tolist(),
        seen.matrix[index].tolist(),
        seen.origin[index].tolist(),
        float(seen.slope[index]),
        float(limbs.length[index]),
        float(limbs.radii[index, 0]),
        limbs.limbs[index].open_end,
    )


def _line(row: Row, at: tuple[Float32Array, ...]) -> Float32Array:
    line: Float32Array = at[0] * row[0]
    line += at[1] * row[1]
    line += row[2]
    return line


def _on_grid(matrix: Sequence[Row], x: Float32Array, y: Float32Array) -> Float32Array:
    """p^T matrix p on the grid of a row x and a column y, matrix being symmetric: a row's worth is computed once."""
    (a, b, c), (_, d, e), (_, _, f) = matrix
    grid: Float32Array = y * (x * (2 * b))
    grid += x * (x * a + 2 * c)
    grid += y * (y * d + 2 * e) + f
    return grid


def _at_points(matrix: Sequence[Row], at: tuple[Float32Array, ...]) -> Float32Array:
    """The same at points."""
    (a, b, c), (_, d, e), (_, _, f) = matrix
    x, y = at[:2]
    value = x * (x * a + y * (2 * b) + 2 * c) + (y * (y * d + 2 * e) + f)
    return value.astype(np.float32, copy=False)
