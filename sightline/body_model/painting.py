"""Painting limbs into part, u and v maps, the farthest first: what is nearer covers what is behind."""

from __future__ import annotations

import math

import numpy as np

from sightline.body_model.limbs import Limb
from sightline.types import Float32Array, UInt8Array

Window = tuple[slice, slice]


def paint(limb: Limb, part: UInt8Array, u: Float32Array, v: Float32Array) -> None:
    """Paint one limb over what is there, in place; pixels are at (x + 0.5, y + 0.5).

    A pixel at ``across`` of the axis, with the half width ``half`` there, shows the surface at the angle
    asin(across / half) - turn round the axis: what a camera far away sees of a limb of revolution.

    Args:
        limb: what to paint.
        part: uint8 (h, w).
        u, v: float32 (h, w).
    """
    window = _window(limb, (part.shape[0], part.shape[1]))
    if window is None:
        return
    along, across, length = _axes(limb, window)
    beyond = np.minimum(along, 0) / np.float32(limb.caps[0]) + np.maximum(along - length, 0) / np.float32(limb.caps[1])
    radius = np.clip(along, 0, length)
    radius *= np.float32((limb.radii[1] - limb.radii[0]) / max(length, 1e-6))
    radius += np.float32(limb.radii[0])
    half_squared = radius * radius * (1 - beyond * beyond)
    inside = across * across < half_squared
    angles = np.arcsin(across[inside] / np.sqrt(half_squared[inside])) - np.float32(limb.turn)
    part[window][inside], around = limb.chart(_wrapped(angles))
    v[window][inside] = np.clip(around, 0, 1)
    u[window][inside] = np.clip((along[inside] + np.float32(limb.caps[0])) / np.float32(length + sum(limb.caps)), 0, 1)


def _window(limb: Limb, size_hw: tuple[int, int]) -> Window | None:
    """The pixels that the limb may cover; None where it lies outside."""
    reach = max(*limb.radii, *limb.caps)
    sides = []
    for axis, size in ((1, size_hw[0]), (0, size_hw[1])):
        ends = limb.start[axis], limb.end[axis]
        first = max(0, math.floor(max(-1.0, min(ends) - reach)))
        last = min(size, math.ceil(min(size + 1.0, max(ends) + reach)))
        if first >= last:
            return None
        sides.append(slice(first, last))
    return sides[0], sides[1]


def _axes(limb: Limb, window: Window) -> tuple[Float32Array, Float32Array, float]:
    """Pixels along the axis and across it (to the person's left where a limb hangs down a person facing us); its length."""
    length = math.dist(limb.start, limb.end)
    right, down = ((limb.end[0] - limb.start[0]) / length, (limb.end[1] - limb.start[1]) / length) if length > 0 else (0.0, 1.0)
    rows, columns = window
    x = np.arange(columns.start, columns.stop, dtype=np.float32) + np.float32(0.5 - limb.start[0])
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5 - limb.start[1])
    return x * np.float32(right) + y * np.float32(down), x * np.float32(down) - y * np.float32(right), length


def _wrapped(angles: Float32Array) -> Float32Array:
    """Angles from [-3 pi / 2, 3 pi / 2] into [-pi, pi]."""
    whole = np.float32(2 * math.pi)
    wrapped: Float32Array = np.subtract(angles, whole * np.rint(angles / whole), dtype=np.float32)
    return wrapped
