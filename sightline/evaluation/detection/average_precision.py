"""Average precision as COCO defines it (Lin et al., ECCV 2014; the evaluation server's rules), of one class.

Detections of all frames are taken best score first. Each is matched with the person of its frame whom it overlaps best among
those not taken yet, if by the threshold at least; it is right then, else wrong. Of the precision at each place, its greatest
value from there on counts; AP is its mean at the recalls 0, 0.01, … 1, with 0 beyond the recall that is reached. ``ap`` is the
mean over the thresholds 0.50, 0.55, … 0.95, ``ap50`` that at 0.50. At most 100 detections a frame count.

Legend: F frames, B people and D detections of a frame, T thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.geometry import pairwise_iou
from sightline.types import Detections, Float32Array

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
MOST = 100
_PERCENT = np.arange(101)


@dataclass(frozen=True, slots=True)
class DetectionFigures:
    """How well people are found.

    Attributes:
        ap50, ap: in [0, 1].
        frames, people: how many there are.
    """

    ap50: float
    ap: float
    frames: int
    people: int


def average_precision(found: Sequence[Detections], people: Sequence[Float32Array]) -> DetectionFigures:
    """The figures of a detector.

    Args:
        found: of F frames, the detections; their boxes in pixels of the frame.
        people: of the same frames, float32 (B, 4) xyxy pixels: everybody who is there.

    Raises:
        ValueError: not as many of both, or there is nobody at all.
    """
    if len(found) != len(people):
        raise ValueError(f"expected detections of {len(people)} frames, got {len(found)}")
    total = sum(map(len, people))
    if total == 0:
        raise ValueError("average precision needs frames with people, and there is nobody")
    best = [_best(each) for each in found]
    scores = np.concatenate([each.scores for each in best])
    right = np.concatenate([matches(each.boxes_xyxy, there) for each, there in zip(best, people, strict=True)])
    order = np.argsort(-scores, kind="stable")
    values = [interpolated(column, total) for column in right[order].T]
    return DetectionFigures(values[0], float(np.mean(values)), len(people), total)


def matches(boxes: Float32Array, people: Float32Array, thresholds: Sequence[float] = THRESHOLDS) -> NDArray[np.bool_]:
    """Which detections of a frame (D, 4), best first, are right at each threshold: (D, T)."""
    overlaps = pairwise_iou(boxes, people)
    right = np.zeros((len(boxes), len(thresholds)), np.bool_)
    free = np.ones((len(thresholds), len(people)), np.bool_)
    limits = np.minimum(np.array(thresholds), 1 - 1e-10)
    for row, overlap in enumerate(overlaps if len(people) else ()):
        open_to = np.where(free, overlap, -1.0)  # (T, B)
        # The last of equals, as the reference implementation takes it.
        nearest = len(people) - 1 - open_to[:, ::-1].argmax(axis=1)
        right[row] = open_to[np.arange(len(thresholds)), nearest] >= limits
        free[right[row], nearest[right[row]]] = False
    return right


def interpolated(right: NDArray[np.bool_], people: int) -> float:
    """AP of one threshold: ``right`` (D,) of all detections, best first; ``people`` there are."""
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    needed = -(-_PERCENT * people // 100)  # whole people: 0.28 of 25 is 7, and not a bit more
    at = np.searchsorted(hits, needed, side="left")
    return float(np.append(envelope, 0.0)[at].mean())


def _best(found: Detections) -> Detections:
    order = np.argsort(-found.scores, kind="stable")[:MOST]
    return Detections(found.boxes_xyxy[order], found.scores[order])
