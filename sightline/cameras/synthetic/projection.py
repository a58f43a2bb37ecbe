"""What of the rays' geometry can be computed for all limbs at once, before any pixel is looked at.

In a limb's frame, flattened so that its section is a circle, the ray of pixel p = (x, y, 1) is ``origin + t * matrix @ p``,
and t is the depth, since a ray's step along the optical axis is 1. Each of the limb's three surfaces (cone, two balls) is then
a quadratic in t whose coefficients are polynomials in x and y: A(p) t^2 + 2 B(p) t + C = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray, Float64Array, IndexArray
from sightline.cameras.synthetic.camera import Camera
from sightline.cameras.synthetic.limbs import LimbStack
from sightline.types import Float32Array

NEAREST = 0.25
"""Metres before the camera; what reaches nearer is not drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """L limbs before a camera.

    Attributes:
        window: intp (L, 4): the pixels that a limb may cover: first column, first row, last column, last row, exclusive;
            first >= last where it covers none.
        balls: intp (L, 2, 4): likewise, of its first and its last ball.
        cut: bool (L,): it reaches beyond the picture.
        origin: (L, 3): the camera in the limb's frame.
        unprojection: float32 (L, 3, 4): (depth x, depth y, depth, 1) of a pixel's column x and row y to the limb's frame.
        forms: float32 (L, 3, 4, 3, 3): of cone, first and last ball: B^2 - A C, B, -A, and how much a ray rises along the axis
            a metre; each is (1, y, y^2) form (1, x, x^2)^T.
        slope: (L,): how much the cone's radius grows along the axis, metres a metre.
    """

    window: IndexArray
    balls: IndexArray
    cut: BoolArray
    origin: Float64Array
    unprojection: Float32Array
    forms: Float32Array
    slope: Float64Array


def projected(limbs: LimbStack, camera: Camera) -> Projected:
    """The limbs before the camera."""
    window, balls, cut = _windows(limbs, camera)
    factors = 1 / np.concatenate([limbs.flat, np.ones((len(limbs.length), 1))], axis=1)
    to_limb = factors[:, :, None] * limbs.axes
    origin = np.einsum("lij,lj->li", to_limb, camera.position - limbs.start)
    matrix = to_limb @ (camera.rotation.T @ np.linalg.inv(camera.intrinsics))
    unprojection = np.concatenate([matrix, origin[:, :, None]], axis=2)
    unprojection[:, :, 2] += (matrix[:, :, 0] + matrix[:, :, 1]) / 2  # a pixel is seen at its middle
    middle = (window[:, :2] + window[:, 2:]) / 2
    matrix[:, :, 2] += matrix[:, :, 0] * middle[:, :1] + matrix[:, :, 1] * middle[:, 1:]
    slope = (limbs.radii[:, 1] - limbs.radii[:, 0]) / np.maximum(limbs.length, 1e-9)
    return Projected(window, balls, cut, origin, unprojection.astype(np.float32), _forms(limbs, origin, matrix, slope), slope)


def _forms(limbs: LimbStack, origin: Float64Array, matrix: Float64Array, slope: Float64Array) -> Float32Array:
    count = len(slope)
    reach = limbs.radii[:, 0] + slope * origin[:, 2]
    signs = np.stack([np.ones(count), np.ones(count), -(slope**2)], axis=1)
    square = np.stack([_gram(matrix, signs), _gram(matrix, np.ones((count, 3)))], axis=1)
    toward_cone = np.stack([origin[:, 0], origin[:, 1], -slope * reach], axis=1)
    beyond = origin - np.stack([np.zeros(count), np.zeros(count), limbs.length], axis=1)
    linear = np.einsum("lsk,lkj->lsj", np.stack([toward_cone, origin, beyond], axis=1), matrix)
    constant = np.stack(
        [
            origin[:, 0] ** 2 + origin[:, 1] ** 2 - reach**2,
            (origin**2).sum(-1) - limbs.radii[:, 0] ** 2,
            (beyond**2).sum(-1) - limbs.radii[:, 1] ** 2,
        ],
        axis=1,
    )
    square = square[:, (0, 1, 1)]
    disc = linear[..., :, None] * linear[..., None, :] - constant[..., None, None] * square
    rise = np.broadcast_to(matrix[:, None, 2], linear.shape)
    forms = [_of_quadratic(disc), _of_linear(linear), _of_quadratic(-square), _of_linear(rise)]
    return np.stack(forms, axis=2).astype(np.float32)


def _of_quadratic(matrix: Float64Array) -> Float64Array:
    """p^T matrix p, the matrices (..., 3, 3) being symmetric."""
    form = np.zeros_like(matrix)
    form[..., 0, 0], form[..., 0, 1], form[..., 0, 2] = matrix[..., 2, 2], 2 * matrix[..., 0, 2], matrix[..., 0, 0]
    form[..., 1, 0], form[..., 1, 1], form[..., 2, 0] = 2 * matrix[..., 1, 2], 2 * matrix[..., 0, 1], matrix[..., 1, 1]
    return form


def _of_linear(row: Float64Array) -> Float64Array:
    """row p, of rows (..., 3)."""
    form = np.zeros((*row.shape, 3))
    form[..., 0, 0], form[..., 0, 1], form[..., 1, 0] = row[..., 2], row[..., 0], row[..., 1]
    return form


def _gram(matrix: Float64Array, signs: Float64Array) -> Float64Array:
    """matrix^T diag(signs) matrix, of each limb."""
    gram: Float64Array = np.einsum("lki,lk,lkj->lij", matrix, signs, matrix)
    return gram


def _windows(limbs: LimbStack, camera: Camera) -> tuple[IndexArray, IndexArray, BoolArray]:
    """Round both balls, as ellipsoids: a little more than they cover."""
    ends = np.stack([limbs.start, limbs.start + limbs.axes[:, 2] * limbs.length[:, None]], axis=1)
    middles = camera.to_camera(ends)
    sides = np.concatenate([limbs.flat, np.ones((len(limbs.flat), 1))], axis=1)[:, :, None] * (limbs.axes @ camera.rotation.T)
    reach = limbs.radii[:, :, None] * np.sqrt((sides**2).sum(1))[:, None, :]
    near, far = middles[..., 2] - reach[..., 2], middles[..., 2] + reach[..., 2]
    hidden = (near < NEAREST).any(axis=1)
    near = np.maximum(near, NEAREST)[..., None]
    low, high = middles[..., :2] - reach[..., :2], middles[..., :2] + reach[..., :2]
    centre = np.array(camera.size_wh) / 2
    first = np.minimum(low / near, low / far[..., None]) * camera.focal_px + centre
    last = np.maximum(high / near, high / far[..., None]) * camera.focal_px + centre
    whole = np.concatenate([np.floor(first), np.ceil(last)], axis=2)
    limits = np.array([*camera.size_wh, *camera.size_wh])
    balls = np.clip(whole, 0, limits).astype(np.intp)
    balls[hidden, :, 2:] = balls[hidden, :, :2]
    window = np.concatenate([balls[..., :2].min(axis=1), balls[..., 2:].max(axis=1)], axis=1)
    window[hidden, 2:] = window[hidden, :2]
    return window, balls, ((whole < 0) | (whole > limits)).any(axis=(1, 2)) | hidden
