"""What the net of dense coordinates learns from: people with maps, augmented anew in each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from sightline.types import Int64Array
from training.augment.augmentation import Augmentation
from training.augment.view import View
from training.batch import Batch, Targets
from training.data.batching import as_inputs, pinned
from training.data.prefetching import prefetched
from training.data.samples import Samples
from training.recipe import DataFacts
from training.seeds import generator


class IuvTrainingSet:
    """See :class:`training.feed.TrainingData`. Nobody's identity counts: all are of class 0.

    A sample is augmented by the generator of (seed, epoch, its index, which of its appearances in the batch this is).

    Args:
        sets: samples with maps.
        repeats: how many times each set goes by in an epoch.
        augmentation: from a picture of any size to the net's.
        fingerprint: of all the sets.
        threads, ahead: that prepare batches, and how many batches ahead.
    """

    def __init__(
        self,
        sets: Sequence[Samples],
        repeats: Sequence[int],
        augmentation: Augmentation,
        *,
        fingerprint: str,
        threads: int = 1,
        ahead: int = 4,
    ) -> None:
        self._sets, self._augmentation = tuple(sets), augmentation
        self._threads, self._ahead = threads, ahead
        self._rows = [
            (place, row)
            for place, (samples, times) in enumerate(zip(sets, repeats, strict=True))
            for row in [*range(len(samples))] * times
        ]
        self.fingerprint = fingerprint
        self.classes = np.zeros(len(self._rows), np.int64)
        self.facts = DataFacts(classes=1, attributes={})

    def __len__(self) -> int:
        """How many samples an epoch has."""
        return len(self._rows)

    def batch(self, indices: Int64Array, *, seed: int, epoch: int) -> Batch:
        """The samples of these indices, in order. Thread-safe.

        Raises:
            InputError: a picture's file is gone or broken by now.
        """
        appearances: Counter[int] = Counter()
        views = []
        for index in map(int, indices):
            rng = generator("augmentation", seed, epoch, index, appearances[index])
            place, row = self._rows[index]
            views.append(self._augmentation(self._sets[place].view(row), rng))
            appearances[index] += 1
        nobody = torch.zeros(len(views), dtype=torch.int64)
        targets = Targets(nobody, nobody, torch.zeros((len(views), 0), dtype=torch.int64), iuv=_stacked(views))
        return Batch(as_inputs(views), targets, torch.from_numpy(np.array(indices, np.int64)))

    def batches(self, indices: Iterator[Int64Array], *, seed: int, epoch: int) -> Iterator[Batch]:
        """The batches of these indices in order, prepared ahead by threads; pinned where there is a GPU.

        Close it (or use it up), so that its threads end.
        """

        def made(of: Int64Array) -> Batch:
            batch = self.batch(of, seed=seed, epoch=epoch)
            return pinned(batch) if torch.cuda.is_available() else batch

        return prefetched(indices, made, threads=self._threads, ahead=self._ahead)


def _stacked(views: Sequence[View]) -> torch.Tensor:
    maps = [view.iuv for view in views]
    assert all(each is not None for each in maps), "every set has maps"
    return torch.from_numpy(np.stack([each for each in maps if each is not None]))
