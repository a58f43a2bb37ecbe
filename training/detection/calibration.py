"""Scores that a threshold can be set by: every net has a scale of its own, and the stream's thresholds are the same for all.

Legend: D detections of a set's frames, after suppression.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.evaluation.detection.average_precision import matches
from sightline.types import Detections, Float32Array

BALANCED, DOUBTFUL = 0.5, 0.1
"""What the two scores become that a calibration is fitted to."""
_RIGHT_OF_DOUBTFUL = 0.25
_IOU = 0.5
_LEAST_SCALE, _MOST_SCALE = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A served score is sigmoid(``scale`` · logit(score) + ``shift``): the order of detections stays."""

    scale: float = 1.0
    shift: float = 0.0

    def describe(self) -> str:
        """In a spec's words."""
        return f"scores calibrated ({self.scale:.2f}, {self.shift:+.2f})"


def calibration(found: Sequence[Detections], people: Sequence[Float32Array]) -> Calibration | None:
    """The one by which 0.5 is where precision and recall balance best (F1), and from 0.1 on one in four detections is right.

    Args:
        found: of each frame, best first.
        people: of the same frames, float32 (B, 4) xyxy: everybody who is there. A detection is right by an IoU of 0.5.

    Returns:
        None where nobody is found, or too few for a threshold.
    """
    total = sum(map(len, people))
    scores = np.concatenate([np.zeros(0, np.float32), *(each.scores for each in found)]).astype(np.float64)
    right = [matches(each.boxes_xyxy, there, (_IOU,))[:, 0] for each, there in zip(found, people, strict=True)]
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(np.concatenate([np.zeros(0, np.bool_), *right])[order])
    if total == 0 or not len(hits) or hits[-1] == 0:
        return None
    count = np.arange(1, len(hits) + 1)
    balanced = int((2 * hits / (count + total)).argmax())
    doubtful = np.flatnonzero(hits / count >= _RIGHT_OF_DOUBTFUL)
    return _through(scores, balanced, int(doubtful[-1])) if len(doubtful) else None


def _through(scores: NDArray[np.float64], balanced: int, doubtful: int) -> Calibration:
    upper, lower = (_logit(float(scores[row])) for row in (balanced, doubtful))
    distance = _logit(BALANCED) - _logit(DOUBTFUL)
    scale = distance / (upper - lower) if upper > lower else _MOST_SCALE
    scale = min(_MOST_SCALE, max(_LEAST_SCALE, scale))
    return Calibration(scale, -scale * upper)


def _logit(score: float) -> float:
    score = min(1 - 1e-6, max(1e-6, score))
    return math.log(score / (1 - score))
