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

NEAREST = 0.25
"""Metres before the camera; what reaches nearer is not drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """L limbs before a camera.

    Attributes:
        window: intp (L, 4): the pixels that a limb may cover: first column, first row, last column, last row, exclusive;
            first >= last where it covers none.
        cut: bool (L,): it reaches beyond the picture.
        origin: (L, 3): the camera in the limb's frame.
        matrix: (L, 3, 3): pixels (from the window's middle) to the limb's frame.
        disc: (L, 3, 3, 3): of cone, first and last ball: p^T disc p is B^2 - A C.
        linear: (L, 3, 3): of each surface: B is its row times p.
        square: (L, 2, 3, 3): A of the cone, A of the balls.
        slope: (L,): how much the cone's radius grows along the axis, metres a metre.
    """

    window: IndexArray
    cut: BoolArray
    origin: Float64Array
    matrix: Float64Array
    disc: Float64Array
    linear: Float64Array
    square: Float64Array
    slope: Float64Array


def projected(limbs: LimbStack, camera: Camera) -> Projected:
    """The limbs before the camera."""
    window, cut = _windows(limbs, camera)
    factors = 1 / np.concatenate([limbs.flat, np.ones((len(limbs.length), 1))], axis=1)
    to_limb = factors[:, :, None] * limbs.axes
    origin = np.einsum("lij,lj->li", to_limb, camera.position - limbs.start)
    matrix = to_limb @ (camera.rotation.T @ np.linalg.inv(camera.intrinsics))
    middle = (window[:, :2] + window[:, 2:]) / 2
    matrix[:, :, 2] += matrix[:, :, 0] * middle[:, :1] + matrix[:, :, 1] * middle[:, 1:]
    slope = (limbs.radii[:, 1] - limbs.radii[:, 0]) / np.maximum(limbs.length, 1e-9)
    disc, linear, square = _quadratics(limbs, origin, matrix, slope)
    return Projected(window, cut, origin, matrix, disc, linear, square, slope)


def _quadratics(
    limbs: LimbStack, origin: Float64Array, matrix: Float64Array, slope: Float64Array
) -> tuple[Float64Array, Float64Array, Float64Array]:
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
    disc = linear[..., :, None] * linear[..., None, :] - constant[..., None, None] * square[:, (0, 1, 1)]
    return disc, linear, square


def _gram(matrix: Float64Array, signs: Float64Array) -> Float64Array:
    """matrix^T diag(signs) matrix, of each limb."""
    gram: Float64Array = np.einsum("lki,lk,lkj->lij", matrix, signs, matrix)
    return gram


def _windows(limbs: LimbStack, camera: Camera) -> tuple[IndexArray, BoolArray]:
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
    first = np.minimum(low / near, low / far[..., None]).min(axis=1) * camera.focal_px + centre
    last = np.maximum(high / near, high / far[..., None]).max(axis=1) * camera.focal_px + centre
    whole = np.concatenate([np.floor(first), np.ceil(last)], axis=1)
    limits = np.array([*camera.size_wh, *camera.size_wh])
    window = np.clip(whole, 0, limits).astype(np.intp)
    window[hidden, 2:] = window[hidden, :2]
    return window, (whole != window).any(axis=1)
