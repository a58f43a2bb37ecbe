"""Pictures to features, batch by batch, in this process.

Legend: P pictures, N of a batch, D dimensions, K joints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import ConfigurationError, ModelError, RejectedFrame
from sightline.evaluation.embedder_file import CROP, EMBEDDING, KEYPOINTS, LoadedEmbedder
from sightline.evaluation.keypoints_file import Keypoints, for_model, mirrored, model_joints
from sightline.evaluation.market_layout import LabelledPicture
from sightline.geometry import crop
from sightline.ranking.distances import unit_length
from sightline.types import Float32Array, UInt8Array

_SHOWN = 3


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
    """

    rows: Mapping[LabelledPicture, int]
    features: Float32Array
    corrupt: tuple[Corrupt, ...] = ()
    without_keypoints: int = 0

    def of(self, pictures: Sequence[LabelledPicture]) -> tuple[tuple[LabelledPicture, ...], Float32Array]:
        """Those of ``pictures`` that are among them, and their features."""
        present = tuple(picture for picture in pictures if picture in self.rows)
        return present, self.features[[self.rows[picture] for picture in present]]


@dataclass(frozen=True, slots=True, eq=False)
class PictureEmbedder:
    """Embeds pictures of people as the stream embeds crops.

    Attributes:
        model: what embeds.
        limits: of the encoded pictures.
        batch_size: pictures a run.
        flip: add the features of the mirrored picture.
        keypoints: for models that take them.
        skip_corrupt: leave out pictures that cannot be decoded.

    Raises:
        ValueError: the model takes key points and there are none.
    """

    model: LoadedEmbedder
    limits: ImageLimits
    batch_size: int = 32
    flip: bool = False
    keypoints: Keypoints | None = None
    skip_corrupt: bool = False

    def __post_init__(self) -> None:
        if self.model.uses_keypoints and self.keypoints is None:
            raise ValueError(f"keypoints: {self.model.spec.name} takes them, got none")

    def embed(self, pictures: Sequence[LabelledPicture], report: Callable[[int], None]) -> EmbeddedPictures:
        """Embed pictures of people; blocking.

        Args:
            pictures: P may be 0.
            report: hears how many more are done.

        Raises:
            ConfigurationError: pictures cannot be decoded (all of them are counted, the first named) and are not skipped.
            ModelError: the model refuses the tensors, or an embedding is not finite.
        """
        kept: list[LabelledPicture] = []
        corrupt: list[Corrupt] = []
        features = [np.zeros((0, self._dimension), np.float32)]
        without = 0
        for start in range(0, len(pictures), self.batch_size):
            batch = pictures[start : start + self.batch_size]
            good, images = _decoded(batch, self.limits, corrupt)
            if good and (self.skip_corrupt or not corrupt):  # after a corrupt one the others are only counted
                features.append(self._embed(good, images))
                without += self._without_keypoints(good)
                kept += good
            report(len(batch))
        if corrupt and not self.skip_corrupt:
            raise ConfigurationError(f"{_told(corrupt)}: repair or remove them, or leave them out with --skip-corrupt")
        rows = {picture: row for row, picture in enumerate(kept)}
        return EmbeddedPictures(rows, np.concatenate(features), tuple(corrupt), without)

    @property
    def _dimension(self) -> int:
        return self.model.spec.embedding_space.dimension

    def _without_keypoints(self, pictures: Sequence[LabelledPicture]) -> int:
        if not self.model.uses_keypoints or self.keypoints is None:
            return 0
        return sum(self.keypoints.of(picture.name) is None for picture in pictures)

    def _embed(self, pictures: Sequence[LabelledPicture], images: Sequence[UInt8Array]) -> Float32Array:
        spec = self.model.spec
        assert spec.crop is not None, "every kind but the detector has a crop rule: ModelSpec checks it"
        wholes = [np.array([0, 0, image.shape[1], image.shape[0]], np.float32) for image in images]
        crops = np.stack([crop(image, whole, spec.crop) for image, whole in zip(images, wholes, strict=True)])
        inputs: dict[str, NDArray[Any]] = {CROP: crops}
        if self.model.uses_keypoints:
            inputs[KEYPOINTS] = self._keypoints_of(pictures, images)
        features = unit_length(self.model.session.run(inputs)[EMBEDDING])
        if self.flip:
            features = unit_length(features + unit_length(self.model.session.run(self._flipped(inputs))[EMBEDDING]))
        broken = np.flatnonzero(~np.isfinite(features).all(axis=1))
        if len(broken):
            raise ModelError(f"{spec.name}: the embedding of {pictures[broken[0]].path} is not finite")
        return np.asarray(features, np.float32)

    def _keypoints_of(self, pictures: Sequence[LabelledPicture], images: Sequence[UInt8Array]) -> Float32Array:
        spec, known = self.model.spec, self.keypoints
        joints = np.zeros((len(pictures), len(model_joints(spec)), 3), np.float32)
        for row, (picture, image) in enumerate(zip(pictures, images, strict=True)):
            found = known.of(picture.name) if known is not None else None
            if found is not None:
                joints[row] = for_model(found, (image.shape[1], image.shape[0]), spec)
        return joints

    def _flipped(self, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        flipped = {CROP: np.ascontiguousarray(inputs[CROP][:, :, ::-1])}
        if KEYPOINTS in inputs:
            flipped[KEYPOINTS] = mirrored(inputs[KEYPOINTS], self.model.spec)
        return flipped


def _decoded(
    pictures: Sequence[LabelledPicture], limits: ImageLimits, corrupt: list[Corrupt]
) -> tuple[list[LabelledPicture], list[UInt8Array]]:
    """The pictures that can be decoded, with their pixels; the others are added to ``corrupt``."""
    good, images = [], []
    for picture in pictures:
        try:
            images.append(decode_image(picture.path.read_bytes(), limits=limits))
            good.append(picture)
        except (RejectedFrame, OSError) as error:
            corrupt.append(Corrupt(picture, str(error)))
    return good, images


def _told(corrupt: Sequence[Corrupt]) -> str:
    named = "; ".join(f"{item.picture.path} ({item.reason})" for item in corrupt[:_SHOWN])
    more = f"; and {len(corrupt) - _SHOWN} more" if len(corrupt) > _SHOWN else ""
    return f"{len(corrupt)} of the pictures cannot be read: {named}{more}"
