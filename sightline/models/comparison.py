"""Two nets' outputs for the same pictures, compared: values one by one, detections box by box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.spec import ModelKind

Arrays = Mapping[str, NDArray[Any]]
"""A picture's outputs, by name, without the batch dimension."""

FLOAT32_TOLERANCE = 2e-4
FLOAT16_TOLERANCE = 2e-2
BOX_TOLERANCE_PX = 0.1
DIFFERENT_PARTS = 0.001
"""Of the cells of dense coordinates, so many may show another part: where two are all but equal, the last bit decides."""
PARTNER_WITHIN_PX = 1.0
"""A box farther off than this is another box."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The worst of one figure over all pictures.

    Attributes:
        what: the figure, in words.
        worst: its largest value.
        allowed: the largest that is accepted.
    """

    what: str
    worst: float
    allowed: float

    @property
    def accepted(self) -> bool:
        return bool(self.worst <= self.allowed)  # not-a-number is not accepted

    def describe(self) -> str:
        """The numbers in one line."""
        return f"{'ok ' if self.accepted else 'BAD'} {self.what}: {self.worst:.3g} (allowed {self.allowed:.3g})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome; ``compared`` counts values (for detectors: boxes)."""

    differences: tuple[Difference, ...]
    compared: int


def compare_outputs(
    kind: ModelKind, wanted: Sequence[Arrays], got: Sequence[Arrays], *, tolerance: float, of: str
) -> Comparison:
    """Compare outputs picture by picture.

    Args:
        kind: of the model: the boxes of detectors are paired by place, u and v are compared where the part is the same, other
            outputs value by value.
        wanted, got: for each picture the two nets' outputs; at least one picture.
        tolerance: largest difference of a value or a score; box corners have one of their own.
        of: what is compared, for the differences' words.
    """
    if kind == "detector":
        return _compare_detections(wanted, got, tolerance, of)
    if kind == "densepose":
        return _compare_dense(wanted, got, tolerance, of)
    differences = []
    for name in wanted[0]:
        worst = max(_worst(a[name], b[name]) for a, b in zip(wanted, got, strict=True))
        differences.append(Difference(f"{name}, {of}", worst, BOX_TOLERANCE_PX if name == "xy" else tolerance))
    return Comparison(tuple(differences), sum(array.size for arrays in wanted for array in arrays.values()))


def _worst(first: NDArray[Any], second: NDArray[Any]) -> float:
    if first.shape != second.shape:
        return float("inf")
    return float(np.abs(first.astype(np.float64) - second.astype(np.float64)).max(initial=0.0))


def _compare_dense(wanted: Sequence[Arrays], got: Sequence[Arrays], tolerance: float, of: str) -> Comparison:
    """The share of different parts over all pictures; u and v where both show the same part."""
    pairs = list(zip(wanted, got, strict=True))
    same = [a["part"] == b["part"] if a["part"].shape == b["part"].shape else np.zeros(0, np.bool_) for a, b in pairs]
    cells = sum(array.size for array in same)
    different = sum(int((~array).sum()) for array in same) / cells if all(map(np.size, same)) else float("inf")
    differences = [Difference(f"share of cells of another part, {of}", different, DIFFERENT_PARTS)]
    for name in ("u", "v"):
        gaps = [
            _worst(a[name][where], b[name][where])
            for (a, b), where in zip(pairs, same, strict=True)
            if a[name].shape == where.shape == b[name].shape
        ]
        differences.append(Difference(f"{name}, {of}", max(gaps) if len(gaps) == len(pairs) else float("inf"), tolerance))
    return Comparison(tuple(differences), cells)


@dataclass(frozen=True, slots=True)
class _Pairing:
    """Boxes of one picture and their nearest in another: worst corner, worst score, boxes without a partner, boxes."""

    corner_px: float
    score: float
    unpaired: int
    boxes: int


def _compare_detections(wanted: Sequence[Arrays], got: Sequence[Arrays], tolerance: float, of: str) -> Comparison:
    there = [_pair_boxes(a, b, tolerance) for a, b in zip(wanted, got, strict=True)]
    back = [_pair_boxes(b, a, tolerance) for a, b in zip(wanted, got, strict=True)]
    pairings = there + back
    differences = (
        Difference(f"boxes without a partner, {of}", max(p.unpaired for p in pairings), 0),
        Difference(f"corners in pixels, {of}", max(p.corner_px for p in pairings), BOX_TOLERANCE_PX),
        Difference(f"scores, {of}", max(p.score for p in pairings), tolerance),
    )
    return Comparison(differences, sum(p.boxes for p in there))


def _pair_boxes(wanted: Arrays, got: Arrays, tolerance: float) -> _Pairing:
    """The faintest box is left out: whether it makes the cut of score or of 100 rows may hang on the last bit."""
    present = wanted["scores"] > 0
    certain = present & (wanted["scores"] > wanted["scores"].min(initial=1.0, where=present) + tolerance)
    if present.sum() == 1:
        certain = present
    boxes, scores = wanted["boxes"][certain], wanted["scores"][certain]
    partners, partner_scores = got["boxes"][got["scores"] > 0], got["scores"][got["scores"] > 0]
    if not len(boxes) or not len(partners):
        return _Pairing(0.0, 0.0, len(boxes), len(boxes))
    gaps = np.abs(boxes[:, None] - partners[None]).max(axis=2)
    nearest, gap = gaps.argmin(axis=1), gaps.min(axis=1)
    paired = gap <= PARTNER_WITHIN_PX
    score_gaps = np.abs(scores - partner_scores[nearest])[paired]
    return _Pairing(
        corner_px=float(gap[paired].max(initial=0.0)),
        score=float(score_gaps.max(initial=0.0)),
        unpaired=int((~paired).sum()),
        boxes=len(boxes),
    )
