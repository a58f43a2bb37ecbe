"""Key points in, dense body coordinates out."""

from __future__ import annotations

import numpy as np

from sightline.body_model.figure import figure
from sightline.body_model.limbs import limbs
from sightline.body_model.painting import paint
from sightline.skeleton import JOINTS
from sightline.types import DenseCoordinates, Float32Array


def fit_dense_coordinates(
    keypoints: Float32Array, size_hw: tuple[int, int], *, min_confidence: float = 0.0
) -> DenseCoordinates:
    """The body model fitted to the key points of N people.

    A limb is there where both its joints are visible (a hand: elbow and wrist; a foot: the ankle; the torso: a shoulder or the
    neck, and a hip). u runs along a limb, away from the body (head: from the top; foot: to the toes), v around it
    (:mod:`sightline.body_model.charts`); a flip of the picture is :func:`sightline.body_model.mirror.mirrored`.

    Args:
        keypoints: float32 (N, J, 3): the joints of :data:`sightline.skeleton.JOINTS`, x and y in [0, 1] of the picture
            (beyond it where a joint lies outside), and a confidence.
        size_hw: height and width of the maps, pixels; in the proportion of the picture, or limbs get wider or narrower.
        min_confidence: joints above it are visible; those with a coordinate that is no number never are.

    Returns:
        Maps of the N people; nothing but background where no body was found.

    Raises:
        ValueError: another shape.
    """
    if keypoints.ndim != 3 or keypoints.shape[1:] != (len(JOINTS), 3):
        raise ValueError(f"keypoints: expected (N, {len(JOINTS)}, 3), got {keypoints.shape}")
    shape = (len(keypoints), *size_hw)
    part, u, v = np.zeros(shape, np.uint8), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for index, person in enumerate(keypoints):
        body = figure(person, size_hw, min_confidence)
        for limb in limbs(body) if body is not None else ():
            paint(limb, part[index], u[index], v[index])
    return DenseCoordinates(part, u, v)
