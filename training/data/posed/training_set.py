"""What a pose net learns from: the pictures of several sets, one after the other, augmented anew in each epoch."""

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
from training.data.posed.posed_set import PosedSet
from training.recipe import DataFacts


class PosedTrainingSet(AugmentedSet[View]):
    """See :class:`training.data.augmented_set.AugmentedSet`.

    Args:
        sets: at least one.
        augmentation: from a picture of any size to the net's.
        threads, ahead: that prepare batches, and how many batches ahead.
    """

    def __init__(self, sets: Sequence[PosedSet], augmentation: Augmentation, *, threads: int = 1, ahead: int = 4) -> None:
        self._augmentation = augmentation
        self._places = [(each.training, row) for each in sets for row in range(len(each.training))]
        self._annotated = np.concatenate([np.tile(each.annotated, (len(each.training), 1)) for each in sets])
        facts = DataFacts(classes=1, attributes={}, keypoints=True)
        nobody = np.zeros(len(self._places), np.int64)
        super().__init__(
            facts, nobody, fingerprint="+".join(each.fingerprint[:16] for each in sets), threads=threads, ahead=ahead
        )

    def view(self, index: int, *, epoch: int, rng: np.random.Generator) -> View:
        """See :meth:`AugmentedSet.view`."""
        samples, row = self._places[index]
        return self._augmentation(samples.view(row), rng)

    def collated(self, views: Sequence[View], indices: Int64Array) -> tuple[Inputs, Targets]:
        """See :meth:`AugmentedSet.collated`."""
        inputs = as_inputs(views)
        annotated = torch.from_numpy(self._annotated[indices])
        return inputs, nobodys(len(indices), keypoints=inputs.keypoints, annotated=annotated)
