"""Which of a detector's candidates are kept, as the exported graph keeps them."""

from __future__ import annotations

import numpy as np

from sightline.geometry import pairwise_iou
from sightline.models.importer.detections import ROWS, Suppression
from sightline.types import Float32Array, Int64Array

SUPPRESSION = Suppression(iou=0.65, min_score=0.01)
"""Of every detector that is trained here; the graph that is exported holds it."""


def kept_candidates(boxes: Float32Array, scores: Float32Array, suppression: Suppression = SUPPRESSION) -> Int64Array:
    """Greedy non-maximum suppression: rows of boxes (A, 4) and scores (A,) that stay, best first, at most 100."""
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > suppression.min_score]
    kept: list[int] = []
    while len(order) and len(kept) < ROWS:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        order = rest[pairwise_iou(boxes[best : best + 1], boxes[rest])[0] <= suppression.iou]
    return np.array(kept, np.int64)
