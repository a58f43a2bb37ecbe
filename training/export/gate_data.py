"""What an exported net is compared on: real crops out of a data set, at the net's crop size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from sightline.types import Float32Array, UInt8Array
from training.batch import Inputs
from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.evaluation_set import EvaluationPart, EvaluationSet
from training.data.opening import NetInput, open_training_data
from training.data.posed.opening import open_posed_sets


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Some crops.

    Attributes:
        images: uint8 RGB (N, h, w, 3).
        keypoints: float32 (N, J, 3), x and y in [0, 1] of the crop, and a confidence; zeros = unseen.

    Raises:
        ValueError: there are not as many key points as crops.
    """

    images: UInt8Array
    keypoints: Float32Array

    def __post_init__(self) -> None:
        if self.keypoints.shape != (len(self.images), len(JOINTS), 3):
            raise ValueError(f"keypoints: expected {(len(self.images), len(JOINTS), 3)}, got {self.keypoints.shape}")

    @classmethod
    def of(cls, inputs: Inputs) -> Crops:
        """From what nets see in training and at test; all joints are unseen where there are no key points."""
        images = np.ascontiguousarray(inputs.images.numpy().transpose(0, 2, 3, 1))
        unseen = np.zeros((len(images), len(JOINTS), 3), np.float32)
        return cls(images, unseen if inputs.keypoints is None else inputs.keypoints.numpy())


@dataclass(frozen=True, slots=True, eq=False)
class GateData:
    """What the gate needs of a data set.

    Attributes:
        compared: crops that the net did not learn from: of the gallery.
        calibration: crops that it may have learnt from, to find the ranges of its activations; None = there are none.
        evaluation: queries and gallery, to see what coarse arithmetic costs; None = there are none.

    Raises:
        ValueError: fewer than two crops are compared: a batch of one proves nothing about batches.
    """

    compared: Crops
    calibration: Crops | None = None
    evaluation: EvaluationSet | None = None

    def __post_init__(self) -> None:
        if len(self.compared.images) < 2:
            raise ValueError(f"expected two crops or more to compare, got {len(self.compared.images)}")


def read_gate_data(data: DataConfig, size_hw: tuple[int, int], *, limit: int) -> GateData:
    """Crops evenly out of the whole gallery, and as many out of the training pictures: at most ``limit`` of each.

    Raises:
        ConfigurationError: the set cannot be read, or its gallery is too small.
    """
    opened = open_training_data(data, NetInput(size_hw, AugmentConfig()))
    gallery = opened.evaluation.gallery
    if len(gallery) < 2:
        raise ConfigurationError(f"{data.path}: its gallery has {len(gallery)} pictures, and a comparison needs two")
    compared = Crops.of(gallery.inputs(_evenly(len(gallery), limit)))
    learned = opened.training
    calibration = Crops.of(learned.batch(_evenly(len(learned), limit), seed=0, epoch=0).inputs) if len(learned) >= 2 else None
    return GateData(compared, calibration, opened.evaluation if len(opened.evaluation.query) else None)


def read_posed_crops(data: DataConfig, size_hw: tuple[int, int], *, limit: int) -> UInt8Array:
    """Crops evenly out of what a set of people with joints holds out: uint8 RGB (N, H, W, 3), at most ``limit``.

    Raises:
        ConfigurationError: the set cannot be read, or holds fewer than two pictures out.
    """
    [posed] = open_posed_sets(data)
    part = EvaluationPart(posed.held_out, AugmentConfig(), size_hw)
    if len(part) < 2:
        raise ConfigurationError(f"{data.path} holds {len(part)} pictures out, and a comparison needs two")
    return Crops.of(part.inputs(_evenly(len(part), limit))).images


def _evenly(count: int, limit: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.unique(np.linspace(0, count - 1, min(limit, count)).round().astype(np.int64))
