"""What a pose net learns from: the pictures of several sets, one after the other, augmented anew in each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from sightline.types import Int64Array
from training.augment.augmentation import Augmentation
from training.batch import Batch, Targets
from training.data.batching import as_inputs, pinned
from training.data.posed.posed_set import PosedSet
from training.data.prefetching import prefetched
from training.recipe import DataFacts
from training.seeds import generator


class PosedTrainingSet:
    """See :class:`training.feed.TrainingData`.

    A sample is augmented as those of :class:`training.data.training_set.TrainingSet` are.

    Args:
        sets: at least one.
        augmentation: from a picture of any size to the net's.
        threads, ahead: that prepare batches, and how many batches ahead.
    """

    def __init__(self, sets: Sequence[PosedSet], augmentation: Augmentation, *, threads: int = 1, ahead: int = 4) -> None:
        self._augmentation, self._threads, self._ahead = augmentation, threads, ahead
        self._places = [(each.training, row) for each in sets for row in range(len(each.training))]
        self._annotated = np.concatenate([np.tile(each.annotated, (len(each.training), 1)) for each in sets])
        self.fingerprint = "+".join(each.fingerprint[:16] for each in sets)
        self.classes: Int64Array = np.zeros(len(self), np.int64)
        self.facts = DataFacts(classes=1, attributes={}, keypoints=True)

    def __len__(self) -> int:
        return len(self._places)

    def batch(self, indices: Int64Array, *, seed: int, epoch: int) -> Batch:
        """The samples of these indices, in order. Thread-safe.

        Raises:
            InputError: a picture's file is gone or broken by now.
        """
        appearances: Counter[int] = Counter()
        views = []
        for index in map(int, indices):
            rng = generator("augmentation", seed, epoch, index, appearances[index])
            samples, row = self._places[index]
            views.append(self._augmentation(samples.view(row), rng))
            appearances[index] += 1
        inputs = as_inputs(views)
        nobody = torch.zeros(len(views), dtype=torch.int64)
        targets = Targets(
            classes=nobody,
            camids=nobody,
            attributes=torch.zeros((len(views), 0), dtype=torch.int64),
            keypoints=inputs.keypoints,
            annotated=torch.from_numpy(self._annotated[indices]),
        )
        return Batch(inputs, targets, torch.from_numpy(np.array(indices, np.int64)))

    def batches(self, indices: Iterator[Int64Array], *, seed: int, epoch: int) -> Iterator[Batch]:
        """The batches of these indices in order, prepared ahead by threads; pinned where there is a GPU.

        Close it (or use it up), so that its threads end.
        """

        def made(of: Int64Array) -> Batch:
            batch = self.batch(of, seed=seed, epoch=epoch)
            return pinned(batch) if torch.cuda.is_available() else batch

        return prefetched(indices, made, threads=self._threads, ahead=self._ahead)
