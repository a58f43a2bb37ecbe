"""The end of every detector's graph: the best 100 boxes, in the contract's order.

N pictures, A candidates each, 100 rows out: ``boxes`` float32 (N, 100, 4) xyxy pixels of the input, ``scores`` float32
(N, 100), sorted by score (falling), then x, then y (rising); what is left over is boxes of 0 with score 0.
"""

from __future__ import annotations

import numpy as np

from sightline.models.importer.graph import GraphWriter
from sightline.suppression import ROWS, Suppression

__all__ = ["ROWS", "Suppression", "write_best_boxes"]


def write_best_boxes(
    writer: GraphWriter, boxes: str, scores: str, *, suppression: Suppression | None, min_score: float = 0.0
) -> tuple[str, str]:
    """float32 (N, A, 4) xyxy and (N, A) -> the contract's boxes and scores.

    Args:
        writer: the graph.
        boxes, scores: names of the candidates' tensors.
        suppression: None where the net did it itself.
        min_score: without suppression, candidates at or below it are dropped.
    """
    if suppression is not None:
        kept = _suppress(writer, boxes, scores, suppression)
    else:
        above = writer.add("Greater", scores, writer.number(min_score))
        kept = writer.add("Where", above, scores, writer.number(0.0))
    boxes, kept = _pad(writer, boxes, kept)
    kept, best = writer.add_many("TopK", kept, writer.integers(ROWS), count=2, axis=1)
    boxes, kept = _order(writer, _take(writer, boxes, best), kept)
    present = writer.add("Greater", writer.add("Reshape", kept, writer.integers(0, ROWS, 1)), writer.number(0.0))
    # Where, not a product: a padding row may hold a box of infinite size, and inf * 0 is not 0.
    return writer.add("Where", present, boxes, writer.number(0.0)), kept


def _suppress(writer: GraphWriter, boxes: str, scores: str, suppression: Suppression) -> str:
    """The scores (N, A) with those of suppressed candidates set to 0."""
    by_class = writer.add("Reshape", scores, writer.integers(0, 1, -1))
    limits = (writer.number(suppression.iou), writer.number(suppression.min_score))
    chosen = writer.add("NonMaxSuppression", boxes, by_class, writer.integers(ROWS), *limits)
    where = writer.add("Gather", chosen, writer.integers(0, 2), axis=1)  # (picture, class, candidate) -> (picture, candidate)
    nothing = writer.add("ConstantOfShape", writer.add("Shape", scores))
    return writer.add("ScatterND", nothing, where, writer.add("GatherND", scores, where))


def _pad(writer: GraphWriter, boxes: str, scores: str) -> tuple[str, str]:
    """100 empty rows more, so that a net with fewer candidates fills the contract too."""
    count = writer.add("Gather", writer.add("Shape", scores), writer.integers(0), axis=0)
    rows = writer.add("Concat", count, writer.integers(ROWS), axis=0)
    corners = writer.add("Concat", rows, writer.integers(4), axis=0)
    more_scores, more_boxes = writer.add("ConstantOfShape", rows), writer.add("ConstantOfShape", corners)
    return writer.add("Concat", boxes, more_boxes, axis=1), writer.add("Concat", scores, more_scores, axis=1)


def _order(writer: GraphWriter, boxes: str, scores: str) -> tuple[str, str]:
    """Sort by score, then x, then y: by the last key first, as TopK keeps the order of equals."""
    for key in ("y", "x", "score"):
        column = {"x": 0, "y": 1}.get(key)
        if column is None:
            values = scores
        else:
            corner = writer.add("Reshape", writer.columns(boxes, column, column + 1), writer.integers(0, ROWS))
            values = writer.add("Neg", corner)
        order = writer.add_many("TopK", values, writer.integers(ROWS), count=2, axis=1)[1]
        boxes, scores = _take(writer, boxes, order), writer.add("GatherElements", scores, order, axis=1)
    return boxes, scores


def _take(writer: GraphWriter, boxes: str, rows: str) -> str:
    """``boxes[n, rows[n, i]]`` for each picture n: (N, A, 4), (N, 100) -> (N, 100, 4)."""
    index = writer.add("Reshape", rows, writer.integers(0, ROWS, 1))
    index = writer.add("Expand", index, writer.constant([1, 1, 4], np.int64))
    return writer.add("GatherElements", boxes, index, axis=1)
