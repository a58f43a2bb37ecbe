"""How much of a person can be seen, and which parts of the body: read from dense body coordinates.

Legend: M people, h and w pixels of a part map. A part's *visibility* is a measurement: the part of the box's pixels that shows
it. How much of a region (head, torso, ...) is seen compares that with what a whole person shows of it, so that 1 is all of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sightline.body_model.parts import FRONT_BACK, LEFT_RIGHT
from sightline.types import BODY_PARTS, Float32Array, UInt8Array

WHOLE: Mapping[str, float] = {
    "torso": 0.064,
    "hand": 0.007,
    "foot": 0.016,
    "upper_leg": 0.083,
    "lower_leg": 0.056,
    "upper_arm": 0.044,
    "lower_arm": 0.026,
    "head": 0.043,
}
"""Region -> the part of the box that it covers of somebody who is seen whole: the first quartile over 387 people of the
synthetic world, bags and all; three of four show more of it."""

REGIONS: tuple[str, ...] = tuple(LEFT_RIGHT)
"""The surfaces that evidence speaks of: ``torso_front``, ``torso_back``, ``hand``, … of both sides of the body together."""

_FACES: Mapping[str, int] = {REGIONS[face]: region for region, (_, faces) in enumerate(FRONT_BACK.items()) for face in faces}
"""Surface -> its region's place in :data:`WHOLE`."""

assert tuple(WHOLE) == tuple(FRONT_BACK), "the regions are those of the chart, in its order"


def part_shares(part: UInt8Array, box_xywh: Float32Array, view_xywh: Float32Array) -> Float32Array:
    """The visibility of each part of one person.

    Args:
        part: uint8 (h, w), 0 background, 1-24 DensePose parts, of all that the crop shows.
        box_xywh: float32 (4,), the person, pixels of the picture.
        view_xywh: float32 (4,), what the crop shows, pixels of the picture (:func:`sightline.geometry.crop_view`).

    Returns:
        float32 (24,) in [0, 1]; their sum is the part of the box that shows skin or clothes.
    """
    scale = np.array([part.shape[1], part.shape[0]], np.float32) / view_xywh[2:]
    first = np.rint((box_xywh[:2] - view_xywh[:2]) * scale).astype(int).clip(0, (part.shape[1] - 1, part.shape[0] - 1))
    last = np.maximum(np.rint((box_xywh[:2] + box_xywh[2:] - view_xywh[:2]) * scale).astype(int), first + 1)
    inside = part[first[1] : last[1], first[0] : last[0]]
    counts = np.bincount(inside.ravel(), minlength=BODY_PARTS + 1)[1 : BODY_PARTS + 1]
    return np.asarray(counts / inside.size, np.float32)


def surfaces_seen(visibility: Float32Array) -> dict[str, float]:
    """How much of each surface is seen of one person (24,), in [0, 1]; 1 = as much as of somebody whole who turns it to us."""
    whole = tuple(WHOLE.values())
    shares = {name: float(visibility[list(parts)].sum()) for name, parts in LEFT_RIGHT.items()}
    return {name: min(1.0, share / whole[_FACES[name]]) for name, share in shares.items()}


def seen_fraction(visibility: Float32Array) -> Float32Array:
    """How much of each person is seen, whichever side they turn to us. (M, 24) -> float32 (M,) in [0, 1].

    The mean over the regions of how much of each is seen, weighted by their size.
    """
    members = [[part for face in faces for part in LEFT_RIGHT[REGIONS[face]]] for faces in FRONT_BACK.values()]
    shares = np.stack([visibility[:, parts].sum(axis=1) for parts in members], axis=1)
    whole = np.array(tuple(WHOLE.values()), np.float32)
    return np.asarray(np.minimum(shares, whole).sum(axis=1) / whole.sum(), np.float32)
