"""Labelled pictures as features: what every kind of model gives an evaluation.

Legend: P pictures, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sightline.errors import ConfigurationError, ModelError
from sightline.evaluation.market_layout import LabelledPicture
from sightline.types import Float32Array

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Which model was evaluated.

    Attributes:
        name: of the model, or of the recipe that trained it.
        sha256: of the weights file.
        version: of the weights under this name; None = they have none.
        embedding_space: its name; None = the model is of no embedding space yet.
        step: of the training run; None = it is not known.
        attributes: names of the attribute values that it gives probabilities of.
    """

    name: str
    sha256: str
    version: int | None = None
    embedding_space: str | None = None
    step: int | None = None
    attributes: tuple[str, ...] = ()

    def __str__(self) -> str:
        version = "" if self.version is None else f" version {self.version}"
        step = "" if self.step is None else f" after {self.step} steps"
        return f"{self.name}{version}{step}, weights {self.sha256[:12]}"


@dataclass(frozen=True, slots=True)
class Corrupt:
    """A picture that cannot be decoded, and why."""

    picture: LabelledPicture
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPictures:
    """Features of the pictures that could be decoded.

    Attributes:
        rows: picture -> its row; P of them, in the order given.
        features: float32 (P, D), at length 1.
        corrupt: the others.
        without_keypoints: how many of the P have no key points, though the model takes them: all their joints are unseen.
        attributes: float32 (P, A): probabilities of the attribute values that the model names; None = it names none.
    """

    rows: Mapping[LabelledPicture, int]
    features: Float32Array
    corrupt: tuple[Corrupt, ...] = ()
    without_keypoints: int = 0
    attributes: Float32Array | None = None

    def of(self, pictures: Sequence[LabelledPicture]) -> tuple[tuple[LabelledPicture, ...], Float32Array]:
        """Those of ``pictures`` that are among them, and their features."""
        present = tuple(picture for picture in pictures if picture in self.rows)
        return present, self.features[[self.rows[picture] for picture in present]]


class Embedder(Protocol):
    """What turns labelled pictures into features: an ONNX model, or a system that was trained here."""

    @property
    def facts(self) -> ModelFacts:
        """Which model it is."""
        ...

    @property
    def flip(self) -> bool:
        """Whether the features of the mirrored pictures are added."""
        ...

    def embed(self, pictures: Sequence[LabelledPicture], report: Callable[[int], None]) -> EmbeddedPictures:
        """Embed pictures of people; blocking.

        Args:
            pictures: P may be 0.
            report: hears how many more are done.

        Raises:
            ConfigurationError: pictures cannot be decoded (all of them are counted, the first named) and are not skipped.
            ModelError: the model refuses the tensors, or an embedding is not finite.
        """
        ...


def embedded(
    pictures: Sequence[LabelledPicture],
    features: Float32Array,
    corrupt: Sequence[Corrupt],
    *,
    without_keypoints: int = 0,
    attributes: Float32Array | None = None,
    skip_corrupt: bool = False,
) -> EmbeddedPictures:
    """What became of the pictures.

    Args:
        pictures: P that could be decoded.
        features: float32 (P, D), at length 1.
        corrupt: those that could not.
        without_keypoints, attributes: see :class:`EmbeddedPictures`.
        skip_corrupt: whether the evaluation goes on without them.

    Raises:
        ConfigurationError: there are corrupt ones, and they are not skipped.
    """
    if corrupt and not skip_corrupt:
        raise ConfigurationError(f"{_told(corrupt)}: repair or remove them, or leave them out with --skip-corrupt")
    rows = {picture: row for row, picture in enumerate(pictures)}
    return EmbeddedPictures(rows, features, tuple(corrupt), without_keypoints, attributes)


def finite(features: Float32Array, pictures: Sequence[LabelledPicture], model: str) -> Float32Array:
    """The features (P, D) of these pictures.

    Raises:
        ModelError: one is not finite.
    """
    broken = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(broken):
        raise ModelError(f"{model}: the embedding of {pictures[broken[0]].path} is not finite")
    return features


def _told(corrupt: Sequence[Corrupt]) -> str:
    named = "; ".join(f"{item.picture.path} ({item.reason})" for item in corrupt[:_SHOWN])
    more = f"; and {len(corrupt) - _SHOWN} more" if len(corrupt) > _SHOWN else ""
    return f"{len(corrupt)} of the pictures cannot be read: {named}{more}"
