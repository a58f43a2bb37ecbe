"""Which candidates of two joints belong together: the field between them points from one to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.part_affinity.peaks import Peaks
from sightline.types import Float32Array

_SAMPLES = 10
"""Places between two candidates at which the field is looked at."""
_FOLLOWS = 0.05
"""At a place that follows the limb, the field has at least so much of its direction."""


@dataclass(frozen=True, slots=True)
class Match:
    """Candidate ``start`` of a limb's first joint and ``end`` of its second, and how well the field joins them."""

    start: int
    end: int
    score: float


def limb_scores(starts: Peaks, ends: Peaks, field: Float32Array, *, followed: float) -> Float32Array:
    """Equation 10: the mean, along the line from each start to each end, of the field's part in the line's direction.

    Args:
        starts, ends: K and L candidates.
        field: float32 (2, h, w): x and y of the limb's direction.
        followed: pairs are no limb where less than this part of the line follows the field.

    Returns:
        float32 (K, L); 0 = no limb.
    """
    line = ends.xy[None, :] - starts.xy[:, None]
    length = np.linalg.norm(line, axis=2, keepdims=True)
    unit = np.divide(line, length, out=np.zeros_like(line), where=length > 0)
    steps = ((np.arange(_SAMPLES) + 0.5) / _SAMPLES)[:, None]
    places = starts.xy[:, None, None] + line[:, :, None] * steps
    height, width = field.shape[1:]
    columns = np.clip(np.rint(places[..., 0]).astype(int), 0, width - 1)
    rows = np.clip(np.rint(places[..., 1]).astype(int), 0, height - 1)
    along = field[0][rows, columns] * unit[..., :1] + field[1][rows, columns] * unit[..., 1:]
    enough = (along > _FOLLOWS).mean(axis=2) >= followed
    return np.where(enough, along.mean(axis=2), 0).astype(np.float32)


def matched(scores: Float32Array) -> list[Match]:
    """Each candidate at most once, the best pair first: greedy bipartite matching; pairs of 0 are none. (K, L)."""
    found: list[Match] = []
    starts, ends = set[int](), set[int]()
    for flat in np.argsort(-scores, axis=None, kind="stable"):
        start, end = (int(index) for index in np.unravel_index(flat, scores.shape))
        score = float(scores[start, end])
        if score <= 0:
            break
        if start not in starts and end not in ends:
            found.append(Match(start, end, score))
            starts.add(start)
            ends.add(end)
    return found
