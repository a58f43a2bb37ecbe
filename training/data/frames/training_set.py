"""What a detector learns from: frames, augmented anew in each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from sightline.types import Int64Array
from training.augment.frames.augmentation import FrameAugmentation
from training.augment.frames.view import FrameView
from training.batch import Batch, Inputs, Targets
from training.data.frames.stored import StoredFrame, frames_fingerprint
from training.data.prefetching import prefetched
from training.recipe import DataFacts
from training.seeds import generator

SizeOf = Callable[[int], tuple[int, int]]
"""Epoch of the run, from 0 -> height and width of the net's input in it."""


class FrameSet:
    """See :class:`training.feed.TrainingData`.

    A frame is augmented by the generator of (seed, epoch, its index, which of its appearances in the batch this is): neither
    the thread nor the number of workers changes what it looks like.

    Args:
        frames: N of them.
        augmentation: from frames to the net's size.
        size_of: which size that is, by epoch.
        threads, ahead: that prepare batches, and how many batches ahead.
    """

    def __init__(
        self,
        frames: Sequence[StoredFrame],
        augmentation: FrameAugmentation,
        size_of: SizeOf,
        *,
        threads: int = 1,
        ahead: int = 4,
    ) -> None:
        self._frames, self._augmentation, self._size_of = frames, augmentation, size_of
        self._threads, self._ahead = threads, ahead
        self.classes: Int64Array = np.zeros(len(frames), np.int64)
        self.fingerprint = frames_fingerprint(frames)
        self.facts = DataFacts(classes=1, attributes={})

    def __len__(self) -> int:
        return len(self._frames)

    def batch(self, indices: Int64Array, *, seed: int, epoch: int) -> Batch:
        """The frames of these indices, in order. Thread-safe.

        Raises:
            InputError: a frame cannot be decoded.
        """
        appearances: Counter[int] = Counter()
        views = []
        for index in map(int, indices):
            rng = generator("augmentation", seed, epoch, index, appearances[index])
            views.append(self._view(index, self._size_of(epoch), rng))
            appearances[index] += 1
        nobody = torch.zeros(len(views), dtype=torch.int64)
        targets = Targets(nobody, nobody, torch.zeros((len(views), 0), dtype=torch.int64), boxes=_boxes(views))
        return Batch(Inputs(_images(views)), targets, torch.from_numpy(np.array(indices, np.int64)))

    def batches(self, indices: Iterator[Int64Array], *, seed: int, epoch: int) -> Iterator[Batch]:
        """The batches of these indices in order, prepared ahead by threads. Close it (or use it up), so that they end."""
        return prefetched(indices, lambda of: self.batch(of, seed=seed, epoch=epoch), threads=self._threads, ahead=self._ahead)

    def _view(self, index: int, size_hw: tuple[int, int], rng: np.random.Generator) -> FrameView:
        def another() -> FrameView:
            return self._frames[int(rng.integers(len(self._frames)))].view()

        return self._augmentation(self._frames[index].view(), another, size_hw, rng)


def _images(views: Sequence[FrameView]) -> Tensor:
    """uint8 (N, 3, H, W)."""
    out = np.empty((len(views), 3, *views[0].size_hw), np.uint8)
    for planes, view in zip(out, views, strict=True):
        cv2.split(view.image, list(planes))  # not by torch: it would start its threads beneath each of ours
    return torch.from_numpy(out)


def _boxes(views: Sequence[FrameView]) -> Tensor:
    """float32 (N, B, 4), filled up with zeros; B = 0 where no frame shows anybody."""
    out = np.zeros((len(views), max(len(view.boxes) for view in views), 4), np.float32)
    for rows, view in zip(out, views, strict=True):
        rows[: len(view.boxes)] = view.boxes
    return torch.from_numpy(out)
