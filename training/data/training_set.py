"""What is learnt from: samples of known people, augmented anew in each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from sightline.types import Int64Array
from training.augment.augmentation import Augmentation
from training.batch import Batch, Targets
from training.data.batching import PartImages, as_inputs, pinned
from training.data.prefetching import prefetched
from training.data.samples import Samples
from training.recipe import DataFacts
from training.seeds import generator


class TrainingSet:
    """See :class:`training.feed.TrainingData`.

    A sample is augmented by the generator of (seed, epoch, its index, which of its appearances in the batch this is): neither
    the thread nor the batch's size nor the number of workers changes what it looks like.

    Args:
        samples: N, of people only: neither junk nor distractors.
        augmentation: from a picture of any size to the net's.
        growing: (from this epoch of the run, another augmentation) in order, of other sizes as a rule.
        fingerprint: of the whole data set.
        attributes: int64 (N, A), MISSING where it is not known.
        attribute_values: attribute -> its values, A of them in order.
        part_images: makes part images of samples with dense coordinates; None = none are wanted.
        threads, ahead: that prepare batches, and how many batches ahead.
    """

    def __init__(
        self,
        samples: Samples,
        augmentation: Augmentation,
        *,
        growing: Sequence[tuple[int, Augmentation]] = (),
        fingerprint: str,
        attributes: Int64Array | None = None,
        attribute_values: Mapping[str, Sequence[str]] | None = None,
        part_images: PartImages | None = None,
        threads: int = 1,
        ahead: int = 4,
    ) -> None:
        self._samples, self._part_images = samples, part_images
        self._augmentations = ((0, augmentation), *growing)
        self._threads, self._ahead = threads, ahead
        self.fingerprint = fingerprint
        pids, self.classes = np.unique(samples.pids, return_inverse=True)
        self.camids = samples.camids
        self.attributes = np.zeros((len(samples), 0), np.int64) if attributes is None else attributes
        self.attribute_values = dict(attribute_values or {})
        self.facts = DataFacts(
            classes=len(pids),
            attributes={name: len(values) for name, values in self.attribute_values.items()},
            keypoints=samples.keypoints is not None,
            part_images=part_images is not None and samples.iuv is not None,
        )

    def __len__(self) -> int:
        return len(self._samples)

    def batch(self, indices: Int64Array, *, seed: int, epoch: int) -> Batch:
        """The samples of these indices, in order. Thread-safe.

        Raises:
            InputError: a picture's file is gone or broken by now.
        """
        augmentation = [each for begin, each in self._augmentations if begin <= epoch][-1]
        appearances: Counter[int] = Counter()
        views = []
        for index in map(int, indices):
            rng = generator("augmentation", seed, epoch, index, appearances[index])
            views.append(augmentation(self._samples.view(index), rng))
            appearances[index] += 1
        inputs = as_inputs(views, self._part_images)
        targets = Targets(
            classes=torch.from_numpy(self.classes[indices]),
            camids=torch.from_numpy(self.camids[indices]),
            attributes=torch.from_numpy(self.attributes[indices]),
            keypoints=inputs.keypoints,
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
