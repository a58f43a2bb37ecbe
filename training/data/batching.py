"""Views to the tensors that a net takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from sightline.types import DenseCoordinates, UInt8Array
from training.augment.view import View
from training.batch import Batch, Inputs, Targets
from training.data.samples import dense_coordinates

R = TypeVar("R", Inputs, Targets)

PartImages = Callable[[UInt8Array, DenseCoordinates], UInt8Array]
"""uint8 RGB (N, H, W, 3) and their coordinates -> uint8 (N, 24, 3, S, S), as :func:`training.data.part_images.part_images`."""


def as_inputs(views: Sequence[View], part_images: PartImages | None = None) -> Inputs:
    """N views of one size as a net's inputs.

    Args:
        views: all of one size; all with key points, or none.
        part_images: makes the part images; None = none are wanted.

    Raises:
        ValueError: part images are wanted, and a view has no dense coordinates.
    """
    return Inputs(_images(views), _keypoints(views), _part_images(views, part_images))


def _images(views: Sequence[View]) -> Tensor:
    """uint8 (N, 3, H, W)."""
    out = np.empty((len(views), 3, *views[0].size_hw), np.uint8)
    for planes, view in zip(out, views, strict=True):
        # Not by a torch operation: it would start torch's own threads once more, beneath each thread that prepares batches.
        cv2.split(view.image, list(planes))
    return torch.from_numpy(out)


def _keypoints(views: Sequence[View]) -> Tensor | None:
    known = [view.keypoints for view in views if view.keypoints is not None]
    if not known:
        return None
    height, width = views[0].size_hw
    return torch.from_numpy(np.stack(known) / np.array([width, height, 1], np.float32))


def _part_images(views: Sequence[View], make: PartImages | None) -> Tensor | None:
    if make is None:
        return None
    known = [view.iuv for view in views if view.iuv is not None]
    if len(known) < len(views):
        raise ValueError("part images are wanted, and there are pictures without dense coordinates")
    pixels = np.stack([view.image for view in views])
    return torch.from_numpy(make(pixels, dense_coordinates(np.stack(known))))


def pinned(batch: Batch, pin: Callable[[Tensor], Tensor] = Tensor.pin_memory) -> Batch:
    """The same in page-locked memory, from which a GPU copies while it works."""
    copies: dict[int, Tensor] = {}

    def once(tensor: Tensor | None) -> Tensor | None:
        """Inputs and targets share their key points, and go on sharing them."""
        if tensor is None:
            return None
        if id(tensor) not in copies:
            copies[id(tensor)] = pin(tensor)
        return copies[id(tensor)]

    def all_of(record: R) -> R:
        tensors: dict[str, Any] = {each.name: once(getattr(record, each.name)) for each in fields(record)}
        return replace(record, **tensors)

    return Batch(all_of(batch.inputs), all_of(batch.targets), batch.indices)
