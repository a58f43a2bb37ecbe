"""Embeddings of people by a system, as they are compared at test."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from sightline.skeleton import FLIP
from sightline.types import Float32Array
from training.batch import Inputs
from training.config import Precision
from training.data.part_images import mirrored_part_images
from training.nets.system import EmbeddingSystem
from training.objective import autocast, laid_out


def mirrored(inputs: Inputs) -> Inputs:
    """The people left to right: left and right joints and parts change names."""
    return Inputs(
        inputs.images.flip(3),
        None if inputs.keypoints is None else _mirrored_keypoints(inputs.keypoints),
        None if inputs.part_images is None else mirrored_part_images(inputs.part_images),
    )


def embed(system: EmbeddingSystem, inputs: Inputs, *, flip: bool) -> Tensor:
    """Embeddings at length 1: (N, D); ``flip``: each the sum of the picture's and its mirror image's, at length 1 again."""
    embeddings = system.embed(inputs)
    if not flip:
        return embeddings
    return functional.normalize(embeddings + system.embed(mirrored(inputs)), dim=1)


@torch.no_grad()
def embed_all(
    system: EmbeddingSystem, batches: Iterable[Inputs], *, flip: bool, precision: Precision, device: torch.device
) -> Float32Array:
    """Embeddings of all batches, in order: float32 (sum of N, D). The system is left in evaluation mode.

    Raises:
        ValueError: there is no batch.
    """
    system.eval()
    embeddings = []
    for batch in batches:
        inputs = laid_out(batch.to(device), precision)
        with autocast(precision, device):
            embeddings.append(embed(system, inputs, flip=flip).float().cpu())
    if not embeddings:
        raise ValueError("expected at least one batch of pictures, got none")
    everyone: Float32Array = torch.cat(embeddings).numpy()
    return everyone


def _mirrored_keypoints(keypoints: Tensor) -> Tensor:
    flipped = keypoints[:, list(FLIP)]
    x, y, confidence = flipped.unbind(dim=2)
    return torch.stack([torch.where(confidence > 0, 1 - x, x), y, confidence], dim=2)
