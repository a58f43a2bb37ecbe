"""What is looked for, and what it is looked for among."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sightline.types import Int64Array
from training.augment.part_disturbance import PartDisturbance
from training.augment.pipeline import at_test
from training.augment.view import View
from training.batch import Inputs
from training.config import AugmentConfig
from training.data.batching import PartImages, as_inputs
from training.data.prefetching import prefetched
from training.data.samples import Samples
from training.seeds import generator


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationPart:
    """Queries or gallery, as a net sees them at test: nothing is drawn, every picture comes once, in order.

    Attributes:
        samples: N.
        augment: of the recipe; its ``resize_hw`` decides how pictures are brought to size.
        size_hw: of the net's input.
        batch_size: of :meth:`batches`; the last is smaller.
        part_images: makes part images of samples with dense coordinates, for nets that see them at test too; None = no need.
        part_disturbance: key points are shifted by up to this part of the picture, the same way each time (a figure of
            robustness); 0 = not at all.
        threads, ahead: that prepare batches, and how many batches ahead.
    """

    samples: Samples
    augment: AugmentConfig
    size_hw: tuple[int, int]
    batch_size: int = 64
    part_images: PartImages | None = None
    part_disturbance: float = 0.0
    threads: int = 1
    ahead: int = 4

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def pids(self) -> Int64Array:
        """int64 (N,): who it is; -1 = junk, 0 = a distractor."""
        return self.samples.pids

    @property
    def camids(self) -> Int64Array:
        """int64 (N,)."""
        return self.samples.camids

    def inputs(self, indices: Int64Array) -> Inputs:
        """What the net sees of these samples. Thread-safe.

        Raises:
            InputError: a picture's file is gone or broken by now.
        """
        return as_inputs([self._view(int(index)) for index in indices], self.part_images)

    def batches(self) -> Iterator[Inputs]:
        """All samples in order, prepared ahead by threads. Close it (or use it up), so that its threads end."""
        every = np.arange(len(self))
        chunks = (every[start : start + self.batch_size] for start in range(0, len(self), self.batch_size))
        return prefetched(chunks, self.inputs, threads=self.threads, ahead=self.ahead)

    def _view(self, index: int) -> View:
        view = at_test(self.samples.view(index), self.augment, self.size_hw)
        if not self.part_disturbance:
            return view
        return PartDisturbance(self.part_disturbance)(view, generator("disturbance", index))


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationSet:
    """Queries and gallery of one data set; both may be empty, where nobody was seen by two cameras."""

    name: str
    query: EvaluationPart
    gallery: EvaluationPart
