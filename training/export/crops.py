"""Real crops for the gate, out of a data set that the net did not learn from: its gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from sightline.types import Float32Array, UInt8Array
from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.opening import NetInput, open_training_data


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """What an exported net is compared on.

    Attributes:
        images: uint8 RGB (N, h, w, 3) at the net's crop size.
        keypoints: float32 (N, J, 3), x and y in [0, 1] of the crop, and a confidence; zeros = unseen.

    Raises:
        ValueError: there are fewer than two, or not as many key points as crops.
    """

    images: UInt8Array
    keypoints: Float32Array

    def __post_init__(self) -> None:
        if len(self.images) < 2 or self.keypoints.shape != (len(self.images), len(JOINTS), 3):
            raise ValueError(f"expected two crops or more with key points, got {self.images.shape}, {self.keypoints.shape}")


def gallery_crops(data: DataConfig, size_hw: tuple[int, int], *, limit: int) -> Crops:
    """Crops of a set's gallery, evenly out of the whole of it, at most ``limit``; unseen joints where it has no key points.

    Raises:
        ConfigurationError: the set cannot be read, or its gallery is too small.
    """
    gallery = open_training_data(data, NetInput(size_hw, AugmentConfig())).evaluation.gallery
    if len(gallery) < 2:
        raise ConfigurationError(f"{data.path}: its gallery has {len(gallery)} pictures, and a comparison needs two")
    chosen = np.unique(np.linspace(0, len(gallery) - 1, min(limit, len(gallery))).round().astype(np.int64))
    inputs = gallery.inputs(chosen)
    images = np.ascontiguousarray(inputs.images.numpy().transpose(0, 2, 3, 1))
    unseen = np.zeros((len(images), len(JOINTS), 3), np.float32)
    return Crops(images, unseen if inputs.keypoints is None else inputs.keypoints.numpy())
