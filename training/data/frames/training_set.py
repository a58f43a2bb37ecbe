"""What a detector learns from: frames, augmented anew in each epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from sightline.types import Int64Array
from training.augment.frames.augmentation import FrameAugmentation
from training.augment.frames.view import FrameView
from training.batch import Inputs, Targets, nobodys
from training.data.augmented_set import AugmentedSet
from training.data.frames.stored import StoredFrame, frames_fingerprint
from training.recipe import DataFacts

SizeOf = Callable[[int], tuple[int, int]]
"""Epoch of the run, from 0 -> height and width of the net's input in it."""


class FrameSet(AugmentedSet[FrameView]):
    """See :class:`training.data.augmented_set.AugmentedSet`.

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
        super().__init__(
            DataFacts(classes=1, attributes={}),
            np.zeros(len(frames), np.int64),
            fingerprint=frames_fingerprint(frames),
            threads=threads,
            ahead=ahead,
        )

    def view(self, index: int, *, epoch: int, rng: np.random.Generator) -> FrameView:
        """See :meth:`AugmentedSet.view`."""

        def another() -> FrameView:
            return self._frames[int(rng.integers(len(self._frames)))].view()

        return self._augmentation(self._frames[index].view(), another, self._size_of(epoch), rng)

    def collated(self, views: Sequence[FrameView], indices: Int64Array) -> tuple[Inputs, Targets]:
        """See :meth:`AugmentedSet.collated`."""
        return Inputs(_images(views)), nobodys(len(indices), boxes=_boxes(views))


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
