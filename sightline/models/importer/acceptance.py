"""Is the wrapped net the user's net? Its outputs against the original's, picture by picture, before it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ModelError
from sightline.models.importer.reference import Arrays, expected_outputs
from sightline.models.importer.wrap import Plan
from sightline.models.session import OnnxSession
from sightline.types import UInt8Array

FLOAT32_TOLERANCE = 2e-4
FLOAT16_TOLERANCE = 2e-2
BOX_TOLERANCE_PX = 0.1


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
        return f"{'ok ' if self.accepted else 'BAD'} {self.what}: {self.worst:.3g} (allowed {self.allowed:.3g})"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The outcome: ``compared`` values (boxes for detectors) on ``pictures`` pictures."""

    pictures: int
    compared: int
    differences: tuple[Difference, ...]

    @property
    def accepted(self) -> bool:
        return self.compared > 0 and all(difference.accepted for difference in self.differences)

    def describe(self) -> str:
        """The numbers, a line each."""
        lines = [f"{self.pictures} pictures, {self.compared} values compared"]
        lines += [
            f"{'ok ' if d.accepted else 'BAD'} {d.what}: {d.worst:.3g} (allowed {d.allowed:.3g})" for d in self.differences
        ]
        return "\n".join(lines)


def examine(plan: Plan, original: OnnxSession, wrapped: OnnxSession, images: Sequence[UInt8Array]) -> Acceptance:
    """Run the original picture by picture, the wrapped net on all at once and on each alone, and compare.

    Args:
        plan: how the net was wrapped.
        original, wrapped: both nets.
        images: uint8 RGB (H, W, 3) of the net's input size, at least one.
    """
    expected = [expected_outputs(plan, original, image) for image in images]
    together = wrapped.run({plan.input_name: np.stack(images)})
    alone = [wrapped.run({plan.input_name: image[None]}) for image in images]
    batch = [{name: values[index] for name, values in together.items()} for index in range(len(images))]
    single = [{name: values[0] for name, values in item.items()} for item in alone]
    tolerance = FLOAT16_TOLERANCE if plan.picture.dtype == "float16" else FLOAT32_TOLERANCE
    compare = _compare_detections if plan.recipe.role == "detector" else _compare_values
    first, compared = compare(expected, single, tolerance, "original and wrapped")
    second, _ = compare(single, batch, tolerance, "single pictures and a batch")
    return Acceptance(len(images), compared, (*first, *second))


def require_accepted(acceptance: Acceptance, plan: Plan) -> None:
    """Refuse a net that differs.

    Raises:
        ModelError: with all the numbers.
    """
    if acceptance.compared == 0:
        raise ModelError(
            f"{plan.source.path}: not a box was found in {acceptance.pictures} pictures, so nothing could be compared: "
            "give pictures of people with --images FOLDER"
        )
    if not acceptance.accepted:
        raise ModelError(
            f"{plan.source.path} is refused: the wrapped net does not give what the original gives. Where only the batch "
            f"differs, export it with a dynamic batch axis.\n{acceptance.describe()}"
        )


_Compared = tuple[list[Difference], int]


def _compare_values(wanted: Sequence[Arrays], got: Sequence[Arrays], tolerance: float, of: str) -> _Compared:
    differences = []
    for name in wanted[0]:
        worst = max(_worst(a[name], b[name]) for a, b in zip(wanted, got, strict=True))
        differences.append(Difference(f"{name}, {of}", worst, tolerance))
    return differences, sum(array.size for arrays in wanted for array in arrays.values())


def _worst(first: NDArray[Any], second: NDArray[Any]) -> float:
    if first.shape != second.shape:
        return float("inf")
    return float(np.abs(first.astype(np.float64) - second.astype(np.float64)).max(initial=0.0))


def _compare_detections(wanted: Sequence[Arrays], got: Sequence[Arrays], tolerance: float, of: str) -> _Compared:
    pairs = [_pair_boxes(a, b, tolerance) for a, b in zip(wanted, got, strict=True)]
    both_ways = pairs + [_pair_boxes(b, a, tolerance) for a, b in zip(wanted, got, strict=True)]
    px, score, unpaired = (max(pair[axis] for pair in both_ways) for axis in range(3))
    differences = [
        Difference(f"boxes without a partner, {of}", unpaired, 0),
        Difference(f"corners in pixels, {of}", px, BOX_TOLERANCE_PX),
        Difference(f"scores, {of}", score, tolerance),
    ]
    return differences, int(sum(pair[3] for pair in pairs))


def _pair_boxes(wanted: Arrays, got: Arrays, tolerance: float) -> tuple[float, float, float, float]:
    """For each wanted box the nearest one got: worst corner, worst score, boxes without a partner, boxes compared.

    The faintest row is left out: whether it makes the cut of score or of 100 rows may hang on the last bit.
    """
    scores = wanted["scores"][wanted["scores"] > 0]
    boxes = wanted["boxes"][: len(scores)][scores > scores.min(initial=1.0) + tolerance]
    scores = scores[: len(boxes)]
    partners = got["boxes"][got["scores"] > 0]
    if not len(boxes) or not len(partners):
        return 0.0, 0.0, float(len(boxes)), float(len(boxes))
    gaps = np.abs(boxes[:, None] - partners[None]).max(axis=2)
    nearest = gaps.argmin(axis=1)
    paired = gaps.min(axis=1) <= max(BOX_TOLERANCE_PX, 1.0)
    score_gaps = np.abs(scores - got["scores"][nearest])[paired]
    px = gaps.min(axis=1)[paired]
    return float(px.max(initial=0.0)), float(score_gaps.max(initial=0.0)), float((~paired).sum()), float(len(boxes))
