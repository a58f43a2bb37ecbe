"""The gate of dense coordinates: which part a cell shows may hang on the last bit; u and v count where the part is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.models.comparison import DIFFERENT_PARTS
from training.export.gate import Closeness, Finding, closeness

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class PartAgreement:
    """The parts of two nets, of the same pictures.

    Attributes:
        of: which nets.
        samples: how many pictures were compared.
        different: the share of the cells that show another part.
        allowed: the largest that passes.
    """

    of: str
    samples: int
    different: float
    allowed: float = DIFFERENT_PARTS

    @property
    def passed(self) -> bool:
        """Whether the parts agree; not-a-number does not."""
        return self.samples > 0 and bool(self.different <= self.allowed)

    def describe(self) -> str:
        """The numbers in one line."""
        figures = f"{100 * (1 - self.different):.3f} % of the cells agree ({100 * (1 - self.allowed):g} % must)"
        return f"{'ok ' if self.passed else 'BAD'} {self.of}, part: {figures}, {self.samples} pictures"


def dense_findings(of: str, wanted: Arrays, got: Arrays, allowed: Mapping[str, float]) -> tuple[Finding, ...]:
    """Compare ``part`` over all cells (N, h, w), and each of the allowed outputs where both show the same part."""
    part, other = wanted["part"], got.get("part")
    if other is None or other.shape != part.shape or not part.size:
        return (PartAgreement(of, len(part), float("nan")), *_nothing(of, wanted, allowed))
    same = part == other
    masked = [{name: np.where(same, each[name], 0) for name in allowed if name in each} for each in (wanted, got)]
    return (PartAgreement(of, len(part), float((~same).mean())), *closeness(of, masked[0], masked[1], allowed))


def _nothing(of: str, wanted: Arrays, allowed: Mapping[str, float]) -> tuple[Closeness, ...]:
    return closeness(of, wanted, {}, allowed)
