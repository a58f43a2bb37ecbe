"""Greedy non-maximum suppression: of two boxes that show the same person, the better one stays.

The graphs of served detectors hold it; here it is for candidates that are judged before there is a graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.geometry import pairwise_iou
from sightline.types import Float32Array, Int64Array

ROWS = 100
"""Boxes per picture in the model contract."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Greedy non-maximum suppression: of two boxes whose IoU exceeds ``iou`` the lower score goes.

    Candidates whose score is ``min_score`` or less are dropped first: they cost time and no tracker wants them.
    """

    iou: float = 0.65
    min_score: float = 0.01


def kept_candidates(boxes: Float32Array, scores: Float32Array, suppression: Suppression) -> Int64Array:
    """The rows of boxes xyxy (A, 4) and scores (A,) that stay, best first, at most :data:`ROWS`."""
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > suppression.min_score]
    kept: list[int] = []
    while len(order) and len(kept) < ROWS:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        order = rest[pairwise_iou(boxes[best : best + 1], boxes[rest])[0] <= suppression.iou]
    return np.array(kept, np.int64)
