"""The plain way to the same figures: loops, written from the definition. For tests."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.types import Detections, Float32Array

Box = Sequence[float]


def average_precision_reference(
    found: Sequence[Detections], people: Sequence[Float32Array], threshold: float, *, most: int = 100
) -> float:
    """AP at one threshold of IoU; see :mod:`sightline.evaluation.detection.average_precision`."""
    ranked = []
    for frame, detections in enumerate(found):
        rows = sorted(range(len(detections.scores)), key=lambda row: -float(detections.scores[row]))[:most]
        ranked += [(float(detections.scores[row]), frame, detections.boxes_xyxy[row].tolist()) for row in rows]
    ranked.sort(key=lambda each: -each[0])
    taken: set[tuple[int, int]] = set()
    rights = []
    for _, frame, box in ranked:
        partner, best = None, min(threshold, 1 - 1e-10)
        for person, there in enumerate(people[frame].tolist()):
            overlap = _iou(box, there)
            if (frame, person) not in taken and overlap >= best:
                partner, best = person, overlap
        rights.append(partner is not None)
        if partner is not None:
            taken.add((frame, partner))
    total = sum(map(len, people))
    points = [(sum(rights[: n + 1]), sum(rights[: n + 1]) / (n + 1)) for n in range(len(rights))]
    return sum(max((p for hits, p in points if 100 * hits >= step * total), default=0.0) for step in range(101)) / 101


def _iou(first: Box, second: Box) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    union = (first[2] - first[0]) * (first[3] - first[1]) + (second[2] - second[0]) * (second[3] - second[1]) - width * height
    return width * height / union
