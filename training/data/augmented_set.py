"""What every training set does alike: views drawn anew in each epoch, made into batches ahead of the net."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np
import torch

from sightline.types import Int64Array
from training.batch import Batch, Inputs, Targets
from training.data.batching import pinned
from training.data.prefetching import prefetched
from training.recipe import DataFacts
from training.seeds import generator

V = TypeVar("V")


class AugmentedSet(ABC, Generic[V]):
    """See :class:`training.feed.TrainingData`.

    A sample is augmented by the generator of (seed, epoch, its index, which of its appearances in the batch this is): neither
    the thread nor the batch's size nor the number of workers changes what it looks like.

    Args:
        facts: what a system must know of the set.
        classes: int64 (N,), the identity of each sample.
        fingerprint: of the whole data set.
        threads, ahead: that prepare batches, and how many batches ahead.
    """

    def __init__(self, facts: DataFacts, classes: Int64Array, *, fingerprint: str, threads: int, ahead: int) -> None:
        self.facts, self.classes, self.fingerprint = facts, classes, fingerprint
        self._threads, self._ahead = threads, ahead

    def __len__(self) -> int:
        """How many samples an epoch has."""
        return len(self.classes)

    @abstractmethod
    def view(self, index: int, *, epoch: int, rng: np.random.Generator) -> V:
        """A sample as it is seen in this epoch. Thread-safe.

        Raises:
            InputError: its file is gone or broken by now.
        """

    @abstractmethod
    def collated(self, views: Sequence[V], indices: Int64Array) -> tuple[Inputs, Targets]:
        """The views of these samples as tensors."""

    def batch(self, indices: Int64Array, *, seed: int, epoch: int) -> Batch:
        """The samples of these indices, in order. Thread-safe.

        Raises:
            InputError: a file is gone or broken by now.
        """
        appearances: Counter[int] = Counter()
        views = []
        for index in map(int, indices):
            rng = generator("augmentation", seed, epoch, index, appearances[index])
            views.append(self.view(index, epoch=epoch, rng=rng))
            appearances[index] += 1
        return Batch(*self.collated(views, indices), torch.from_numpy(np.array(indices, np.int64)))

    def batches(self, indices: Iterator[Int64Array], *, seed: int, epoch: int) -> Iterator[Batch]:
        """The batches of these indices in order, prepared ahead by threads; pinned where there is a GPU.

        Close it (or use it up), so that its threads end.
        """

        def made(of: Int64Array) -> Batch:
            batch = self.batch(of, seed=seed, epoch=epoch)
            return pinned(batch) if torch.cuda.is_available() else batch

        return prefetched(indices, made, threads=self._threads, ahead=self._ahead)
