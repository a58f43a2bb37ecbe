"""Where the loop's batches come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sightline.types import Int64Array
from training.batch import Batch
from training.recipe import DataFacts
from training.validation import Validation


class TrainingData(Protocol):
    """Pictures to learn from; what a batch looks like is decided by its indices, the seed and the epoch alone."""

    @property
    def facts(self) -> DataFacts:
        """What a system must know of it."""
        ...

    @property
    def classes(self) -> Int64Array:
        """int64 (N,): the identity of each picture, 0 … K-1."""
        ...

    @property
    def fingerprint(self) -> str:
        """Another one for other pictures, labels or annotations."""
        ...

    def batches(self, indices: Iterator[Int64Array], *, seed: int, epoch: int) -> Iterator[Batch]:
        """The batches of these indices in order, prepared ahead; bounded. A generator: closing it ends its threads."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """Data, opened: what is learnt from, and what a run is judged by (None = nothing)."""

    training: TrainingData
    validation: Validation | None
