"""What a wrapped net must give, computed the plain way: the original file, and numpy round it.

Written apart from the graph surgery, from the same definitions, so that a slip in one shows as a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.models.importer.detections import ROWS, Suppression
from sightline.models.importer.pixels import Pixels
from sightline.models.importer.reference_people import decode_person
from sightline.models.importer.wrap import Plan
from sightline.models.importer.yolox import STRIDES, YoloxHead
from sightline.models.session import OnnxSession
from sightline.types import Float32Array, UInt8Array

Arrays = dict[str, NDArray[Any]]


def expected_outputs(plan: Plan, original: OnnxSession, image: UInt8Array) -> Arrays:
    """The contract's outputs for one picture, uint8 RGB (H, W, 3); without the batch dimension."""
    prepared = prepare(image, plan.recipe.pixels, layout=plan.picture.layout, dtype=plan.picture.dtype)
    raw = original.run({plan.source.input.name: prepared[None]})
    named = {tensor: raw[name][0] for tensor, name in plan.outputs.items()}
    return _finish(plan, named)


def prepare(image: UInt8Array, pixels: Pixels, *, layout: str, dtype: str) -> NDArray[Any]:
    """A picture as the net was trained on it."""
    ordered: NDArray[Any] = image if pixels.colour == "rgb" else image[:, :, ::-1]
    if dtype not in ("uint8", "int32"):
        ordered = (ordered.astype(np.float64) * pixels.scale - pixels.mean) / pixels.std
    planes = ordered.transpose(2, 0, 1) if layout == "nchw" else ordered
    return np.ascontiguousarray(planes, dtype)


def _finish(plan: Plan, raw: Mapping[str, NDArray[Any]]) -> Arrays:
    match plan.recipe.head:
        case "yolox":
            boxes, scores = decode_yolox(raw["output"].astype(np.float32), plan.recipe.yolox, plan.picture.size_hw)
            return best_boxes(boxes, scores, plan.recipe.yolox.suppression)
        case "boxes":
            return best_boxes(raw["boxes"].astype(np.float32), raw["scores"].astype(np.float32), plan.recipe.suppression)
        case "embedding":
            vector = raw["embedding"].astype(np.float64)
            unit = vector / max(np.sqrt((vector**2).sum()), 1e-12)
            return {**raw, "embedding": unit.astype(np.float32)}
        case "densepose":
            return {**raw, "part": raw["part"].astype(np.uint8)}
        case "chart" | "simcc" | "heatmaps" | "movenet":
            return decode_person(plan, raw)
        case _:
            return dict(raw)


def decode_yolox(output: Float32Array, head: YoloxHead, size_hw: tuple[int, int]) -> tuple[Float32Array, Float32Array]:
    """(A, 5 + classes) -> boxes (A, 4) xyxy pixels and scores (A,), one grid after the other."""
    scores = output[:, 4] * output[:, 5 + head.person_class]
    decoded = output[:, :4].copy()
    if not head.decoded:
        row = 0
        for stride in _strides(len(output), size_hw):
            for y in range(size_hw[0] // stride):
                columns = size_hw[1] // stride
                cells = decoded[row : row + columns]
                cells[:, 0] = (cells[:, 0] + np.arange(columns)) * stride
                cells[:, 1] = (cells[:, 1] + y) * stride
                cells[:, 2:] = np.exp(cells[:, 2:]) * stride
                row += columns
    x, y, width, height = decoded.T
    boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
    return boxes.astype(np.float32), scores.astype(np.float32)


def _strides(rows: int, size_hw: tuple[int, int]) -> tuple[int, ...]:
    return next(s for s in STRIDES if sum((size_hw[0] // each) * (size_hw[1] // each) for each in s) == rows)


def best_boxes(boxes: Float32Array, scores: Float32Array, suppression: Suppression | None) -> Arrays:
    """The contract's 100 rows of one picture's candidates (A, 4), (A,)."""
    kept = suppress(boxes, scores, suppression) if suppression else [i for i in range(len(scores)) if scores[i] > 0]
    best = sorted(kept, key=lambda i: -scores[i])[:ROWS]
    best.sort(key=lambda i: (-scores[i], boxes[i, 0], boxes[i, 1]))
    out = {"boxes": np.zeros((ROWS, 4), np.float32), "scores": np.zeros(ROWS, np.float32)}
    out["boxes"][: len(best)] = boxes[best]
    out["scores"][: len(best)] = scores[best]
    return out


def suppress(boxes: Float32Array, scores: Float32Array, suppression: Suppression) -> list[int]:
    """Greedy non-maximum suppression: the indices that stay, best first, at most 100."""
    kept: list[int] = []
    for candidate in np.argsort(-scores, kind="stable"):
        if scores[candidate] <= suppression.min_score or len(kept) == ROWS:
            break
        if all(_iou(boxes[candidate], boxes[other]) <= suppression.iou for other in kept):
            kept.append(int(candidate))
    return kept


def _iou(first: Float32Array, second: Float32Array) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    intersection = width * height
    union = (first[2] - first[0]) * (first[3] - first[1]) + (second[2] - second[0]) * (second[3] - second[1]) - intersection
    return float(intersection / union)
