"""Is the wrapped net the user's net? Its outputs against the original's, picture by picture, before it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.errors import ModelError
from sightline.models.comparison import FLOAT16_TOLERANCE, FLOAT32_TOLERANCE, Difference, compare_outputs
from sightline.models.importer.reference import expected_outputs
from sightline.models.importer.wrap import Plan
from sightline.models.session import OnnxSession
from sightline.types import UInt8Array


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
        return "\n".join([*lines, *(difference.describe() for difference in self.differences)])


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
    kind = plan.recipe.role
    tolerance = FLOAT16_TOLERANCE if plan.picture.dtype == "float16" else FLOAT32_TOLERANCE
    wrapping = compare_outputs(kind, expected, single, tolerance=tolerance, of="original and wrapped")
    batching = compare_outputs(kind, single, batch, tolerance=tolerance, of="single pictures and a batch")
    return Acceptance(len(images), wrapping.compared, (*wrapping.differences, *batching.differences))


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
