"""Limbs of revolution in the world, many at once, and where on the body their surface lies.

A limb is a tapered capsule: a cone between two balls. Its section is an ellipse: what is said of its surface is said in a frame
where the section is a circle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sightline.body_model.charts import Chart
from sightline.cameras.synthetic.arrays import Float64Array, IndexArray, Vector
from sightline.types import Float32Array, UInt8Array


class SurfaceChart(Protocol):
    """Metres along the axis (n,), the angles round it (n,), and the point beside the axis (to the left, forward; n, metres)."""

    def __call__(
        self, along: Float32Array, angles: Float32Array, left: Float32Array, forward: Float32Array
    ) -> tuple[UInt8Array, Float32Array, Float32Array]:
        """Part ids uint8 (n,), u and v float32 (n,) in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class AlongChart:
    """A chart of the body model, with u running along the limb: ``first + along * rate``, cut to [0, 1]."""

    chart: Chart
    first: float
    rate: float

    def __call__(
        self, along: Float32Array, angles: Float32Array, left: Float32Array, forward: Float32Array
    ) -> tuple[UInt8Array, Float32Array, Float32Array]:
        """See the protocol."""
        part, v = self.chart(angles)
        return part, _unit(np.float32(self.first) + along * np.float32(self.rate)), _unit(v)


def _unit(values: Float32Array) -> Float32Array:
    """Cut to [0, 1]; a limb has few pixels, for which numpy's own cut takes four times as long."""
    cut: Float32Array = np.minimum(np.maximum(values, 0), 1)
    return cut


@dataclass(frozen=True, slots=True)
class SkirtChart:
    """A skirt shows where the legs below it are: the left one, the right one, above the knee or below.

    Attributes:
        upper, lower: the charts of the upper (lower) legs, right and left, for a leg that hangs from the skirt's beginning.
        knee: metres along the skirt where the lower legs begin.
        apart: half the distance of the two legs' axes, metres.
    """

    upper: tuple[AlongChart, AlongChart]
    lower: tuple[AlongChart, AlongChart]
    knee: float
    apart: float

    def __call__(
        self, along: Float32Array, angles: Float32Array, left: Float32Array, forward: Float32Array
    ) -> tuple[UInt8Array, Float32Array, Float32Array]:
        """See the protocol."""
        part, u, v = np.zeros(len(along), np.uint8), np.zeros_like(along), np.zeros_like(along)
        for side, of_side in ((0, left < 0), (1, left >= 0)):
            axis = np.float32(self.apart if side else -self.apart)
            for charts, of_height in ((self.upper, along < self.knee), (self.lower, along >= self.knee)):
                here = np.flatnonzero(of_side & of_height)
                around = np.arctan2(left[here] - axis, forward[here])
                part[here], u[here], v[here] = charts[side](along[here], around, left[here], forward[here])
        return part, u, v


@dataclass(frozen=True, slots=True)
class Limb:
    """One limb of a person.

    Attributes:
        start, end: where its axis begins and ends, world.
        forward: the direction of angle 0, world; what of it runs along the axis is left out.
        radii: at start and end, metres, before they are flattened.
        flat: factors of the radii to the left and forward.
        texture: number of its texture in the person's atlas.
        chart: where its surface lies on the body; None = not the body's (a bag).
        open_end: nothing is drawn beyond the end: a skirt's hem.
    """

    start: Vector
    end: Vector
    forward: Vector
    radii: tuple[float, float]
    flat: tuple[float, float]
    texture: int
    chart: SurfaceChart | None
    open_end: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class LimbStack:
    """L limbs as arrays, float64.

    Attributes:
        limbs: as they were made.
        owner: intp (L,): which person each belongs to, in order of the frame's people.
        start: (L, 3).
        axes: (L, 3, 3): the rows are left, forward and along, unit vectors.
        length: (L,), the distance from start to end.
        radii, flat: (L, 2).
    """

    limbs: tuple[Limb, ...]
    owner: IndexArray
    start: Float64Array
    axes: Float64Array
    length: Float64Array
    radii: Float64Array
    flat: Float64Array


def stacked(limbs: Sequence[Limb], owner: Sequence[int]) -> LimbStack:
    """The limbs' frames: left = forward x along, and forward set upright on the axis."""
    start, end = _table([limb.start for limb in limbs], 3), _table([limb.end for limb in limbs], 3)
    forward = _table([limb.forward for limb in limbs], 3)
    along = end - start
    length = np.sqrt((along**2).sum(-1))
    along = np.where(length[:, None] > 1e-9, along / np.maximum(length, 1e-9)[:, None], (0.0, 0.0, -1.0))
    forward = forward - (forward * along).sum(-1, keepdims=True) * along
    forward /= np.maximum(np.sqrt((forward**2).sum(-1, keepdims=True)), 1e-9)
    axes = np.stack([np.cross(forward, along), forward, along], axis=1)
    radii, flat = _table([limb.radii for limb in limbs], 2), _table([limb.flat for limb in limbs], 2)
    return LimbStack(tuple(limbs), np.array(owner, np.intp), start, axes, length, radii, flat)


def _table(rows: Sequence[tuple[float, ...]], width: int) -> Float64Array:
    return np.array(rows, np.float64).reshape(-1, width)


def distance(one: Vector, other: Vector) -> float:
    """Metres between two points."""
    return math.dist(one, other)
