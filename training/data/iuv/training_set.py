"""What the net of dense coordinates learns from: people with maps, augmented anew in each epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from sightline.types import Int64Array
from training.augment.augmentation import Augmentation
from training.augment.view import View
from training.batch import Inputs, Targets, nobodys
from training.data.augmented_set import AugmentedSet
from training.data.batching import as_inputs
from training.data.samples import Samples
from training.recipe import DataFacts

NOBODY = DataFacts(classes=1, attributes={})


class IuvTrainingSet(AugmentedSet[View]):
    """See :class:`training.data.augmented_set.AugmentedSet`. Nobody's identity counts: all are of class 0.

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
        self._rows = [
            (place, row)
            for place, (samples, times) in enumerate(zip(sets, repeats, strict=True))
            for row in [*range(len(samples))] * times
        ]
        nobody = np.zeros(len(self._rows), np.int64)
        super().__init__(NOBODY, nobody, fingerprint=fingerprint, threads=threads, ahead=ahead)

    def view(self, index: int, *, epoch: int, rng: np.random.Generator) -> View:
        """See :meth:`AugmentedSet.view`."""
        place, row = self._rows[index]
        return self._augmentation(self._sets[place].view(row), rng)

    def collated(self, views: Sequence[View], indices: Int64Array) -> tuple[Inputs, Targets]:
        """See :meth:`AugmentedSet.collated`."""
        return as_inputs(views), nobodys(len(indices), iuv=_stacked(views))


def _stacked(views: Sequence[View]) -> torch.Tensor:
    maps = [view.iuv for view in views]
    assert all(each is not None for each in maps), "every set has maps"
    return torch.from_numpy(np.stack([each for each in maps if each is not None]))
