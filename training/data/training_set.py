"""What is learnt from: samples of known people, augmented anew in each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from sightline.types import Int64Array
from training.augment.augmentation import Augmentation
from training.augment.view import View
from training.batch import Inputs, Targets
from training.data.augmented_set import AugmentedSet
from training.data.batching import PartImages, as_inputs
from training.data.samples import Samples
from training.recipe import DataFacts


class TrainingSet(AugmentedSet[View]):
    """See :class:`training.data.augmented_set.AugmentedSet`.

    Args:
        samples: N, of people only: neither junk nor distractors.
        augmentation: from a picture of any size to the net's.
        later: (from this epoch of the run, another augmentation) in order.
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
        later: Sequence[tuple[int, Augmentation]] = (),
        fingerprint: str,
        attributes: Int64Array | None = None,
        attribute_values: Mapping[str, Sequence[str]] | None = None,
        part_images: PartImages | None = None,
        threads: int = 1,
        ahead: int = 4,
    ) -> None:
        pids, classes = np.unique(samples.pids, return_inverse=True)
        attribute_values = dict(attribute_values or {})
        facts = DataFacts(
            classes=len(pids),
            attributes={name: len(values) for name, values in attribute_values.items()},
            keypoints=samples.keypoints is not None,
            part_images=part_images is not None and samples.iuv is not None,
        )
        super().__init__(facts, classes, fingerprint=fingerprint, threads=threads, ahead=ahead)
        self._samples, self._part_images = samples, part_images
        self._augmentations = ((0, augmentation), *later)
        self.camids = samples.camids
        self.attributes = np.zeros((len(samples), 0), np.int64) if attributes is None else attributes
        self.attribute_values = attribute_values

    def view(self, index: int, *, epoch: int, rng: np.random.Generator) -> View:
        """See :meth:`AugmentedSet.view`."""
        augmentation = [each for begin, each in self._augmentations if begin <= epoch][-1]
        return augmentation(self._samples.view(index), rng)

    def collated(self, views: Sequence[View], indices: Int64Array) -> tuple[Inputs, Targets]:
        """See :meth:`AugmentedSet.collated`."""
        inputs = as_inputs(views, self._part_images)
        targets = Targets(
            classes=torch.from_numpy(self.classes[indices]),
            camids=torch.from_numpy(self.camids[indices]),
            attributes=torch.from_numpy(self.attributes[indices]),
            keypoints=inputs.keypoints,
        )
        return inputs, targets
