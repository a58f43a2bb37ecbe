"""The gate: an exported model says what the trained net says, on real crops, or it is refused with the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ModelError
from sightline.types import Float32Array

Precision = Literal["fp32", "fp16", "int8"]

LOWEST_COSINE: Mapping[Precision, float] = {"fp32": 0.9999, "fp16": 0.999, "int8": 0.98}
"""8-bit nets are judged by what they cost in mAP; the cosine only catches what is broken."""

LARGEST_DIFFERENCE: Mapping[Precision, float] = {"fp32": 0.001, "fp16": 0.02, "int8": 0.5}
"""Of the probability of an attribute's value."""

LARGEST_DROP = 0.5
"""Of the mAP, points of a hundred, by 8-bit arithmetic."""


class Finding(Protocol):
    """Of a comparison: whether it is good enough, and its figures."""

    @property
    def passed(self) -> bool:
        """Good enough."""
        ...

    def describe(self) -> str:
        """The numbers in one line."""
        ...


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two nets' embeddings of the same crops.

    Attributes:
        of: which nets.
        crops: how many were compared.
        worst, mean: cosine.
        allowed: the lowest that passes.
    """

    of: str
    crops: int
    worst: float
    mean: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether every crop agrees; not-a-number does not."""
        return self.crops > 0 and bool(self.worst >= self.allowed)

    def describe(self) -> str:
        """The numbers in one line."""
        word = "ok " if self.passed else "BAD"
        figures = f"lowest cosine {self.worst:.6f} (allowed {self.allowed}), mean {self.mean:.6f}, {self.crops} crops"
        return f"{word} {self.of}: {figures}"


@dataclass(frozen=True, slots=True)
class MeanApDrop:
    """mAP of a set by the trained net and by the exported one, percent."""

    data: str
    trained: float
    exported: float

    @property
    def passed(self) -> bool:
        """Whether the exported one is not much worse."""
        return self.trained - self.exported <= LARGEST_DROP

    def describe(self) -> str:
        """The numbers in one line."""
        figures = f"{self.exported:.2f}, in full precision {self.trained:.2f} (a drop of {LARGEST_DROP} is allowed)"
        return f"{'ok ' if self.passed else 'BAD'} mAP on {self.data}: {figures}"


@dataclass(frozen=True, slots=True)
class Closeness:
    """One output of two nets, of the same pictures.

    Attributes:
        of: which nets.
        output: its name.
        samples: how many pictures were compared.
        worst: the largest difference of a number.
        allowed: the largest that passes.
    """

    of: str
    output: str
    samples: int
    worst: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether every number agrees; not-a-number does not."""
        return self.samples > 0 and bool(self.worst <= self.allowed)

    def describe(self) -> str:
        """The numbers in one line."""
        figures = f"largest difference {self.worst:.2g} (allowed {self.allowed:g}), {self.samples} pictures"
        return f"{'ok ' if self.passed else 'BAD'} {self.of}, {self.output}: {figures}"


def closeness(
    of: str, wanted: Mapping[str, NDArray[Any]], got: Mapping[str, NDArray[Any]], allowed: Mapping[str, float]
) -> tuple[Closeness, ...]:
    """Compare each of the allowed outputs, (N, …), number by number."""
    return tuple(
        Closeness(of, name, len(wanted[name]), _largest_difference(wanted[name], got.get(name)), most)
        for name, most in allowed.items()
    )


def agreement(of: str, wanted: Float32Array, got: Float32Array, *, precision: Precision) -> Agreement:
    """Compare embeddings (N, D) at length 1, row by row."""
    if wanted.shape != got.shape:
        return Agreement(of, len(wanted), float("nan"), float("nan"), LOWEST_COSINE[precision])
    # Of vectors of length 1 this is the cosine; those of another length do not pass by it.
    cosines = 1 - ((wanted.astype(np.float64) - got) ** 2).sum(axis=1) / 2
    worst, mean = (float(cosines.min()), float(cosines.mean())) if len(cosines) else (float("nan"),) * 2
    return Agreement(of, len(cosines), worst, mean, LOWEST_COSINE[precision])


def _largest_difference(wanted: NDArray[Any], got: NDArray[Any] | None) -> float:
    """NaN where the shapes differ, or there is nothing to compare."""
    if got is None or wanted.shape != got.shape or not wanted.size:
        return float("nan")
    return float(np.abs(wanted.astype(np.float64) - got.astype(np.float64)).max())


def require_passed(name: str, findings: Sequence[Finding]) -> None:
    """Refuse a model that differs.

    Raises:
        ModelError: with all the numbers.
    """
    if not all(each.passed for each in findings):
        told = "\n".join(each.describe() for each in findings)
        raise ModelError(f"{name} is refused: the exported net does not give what the trained one gives.\n{told}")
