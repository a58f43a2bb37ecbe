"""Pictures to features by an ONNX model, batch by batch, in this process.

Legend: P pictures, N of a batch, D dimensions, K joints, A attribute values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import RejectedFrame
from sightline.evaluation.embedded import Corrupt, EmbeddedPictures, ModelFacts, embedded, finite
from sightline.evaluation.embedder_file import ATTRIBUTES, CROP, EMBEDDING, KEYPOINTS, LoadedEmbedder
from sightline.evaluation.keypoints_file import for_model, mirrored, model_joints
from sightline.evaluation.market_layout import LabelledPicture
from sightline.geometry import crop
from sightline.keypoint_table import KeypointTable
from sightline.ranking.distances import unit_length
from sightline.types import Float32Array, UInt8Array


@dataclass(frozen=True, slots=True, eq=False)
class PictureEmbedder:
    """Embeds pictures of people as the stream embeds crops: an :class:`~sightline.evaluation.embedded.Embedder`.

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
    keypoints: KeypointTable | None = None
    skip_corrupt: bool = False

    def __post_init__(self) -> None:
        if self.model.uses_keypoints and self.keypoints is None:
            raise ValueError(f"keypoints: {self.model.spec.name} takes them, got none")

    @property
    def facts(self) -> ModelFacts:
        """As the model's spec says."""
        spec = self.model.spec
        return ModelFacts(
            spec.name,
            spec.sha256,
            version=spec.version,
            embedding_space=spec.embedding_space.name,
            attributes=spec.attributes,
        )

    def embed(self, pictures: Sequence[LabelledPicture], report: Callable[[int], None]) -> EmbeddedPictures:
        """See :class:`~sightline.evaluation.embedded.Embedder`."""
        kept: list[LabelledPicture] = []
        corrupt: list[Corrupt] = []
        features = [np.zeros((0, self._dimension), np.float32)]
        attributes = [np.zeros((0, len(self.model.spec.attributes)), np.float32)]
        without = 0
        for start in range(0, len(pictures), self.batch_size):
            batch = pictures[start : start + self.batch_size]
            good, images = _decoded(batch, self.limits, corrupt)
            if good and (self.skip_corrupt or not corrupt):  # after a corrupt one the others are only counted
                described, told = self._embed(good, images)
                features.append(described)
                attributes.append(told)
                without += self._without_keypoints(good)
                kept += good
            report(len(batch))
        return embedded(
            kept,
            np.concatenate(features),
            corrupt,
            without_keypoints=without,
            attributes=np.concatenate(attributes) if self.model.spec.attributes else None,
            skip_corrupt=self.skip_corrupt,
        )

    @property
    def _dimension(self) -> int:
        return self.model.spec.embedding_space.dimension

    def _without_keypoints(self, pictures: Sequence[LabelledPicture]) -> int:
        if not self.model.uses_keypoints or self.keypoints is None:
            return 0
        return sum(picture.name not in self.keypoints for picture in pictures)

    def _embed(self, pictures: Sequence[LabelledPicture], images: Sequence[UInt8Array]) -> tuple[Float32Array, Float32Array]:
        """Features (N, D) and what is told of attributes (N, A)."""
        spec = self.model.spec
        assert spec.crop is not None, "every kind but the detector has a crop rule: ModelSpec checks it"
        wholes = [np.array([0, 0, image.shape[1], image.shape[0]], np.float32) for image in images]
        crops = np.stack([crop(image, whole, spec.crop) for image, whole in zip(images, wholes, strict=True)])
        inputs: dict[str, NDArray[Any]] = {CROP: crops}
        if self.model.uses_keypoints:
            inputs[KEYPOINTS] = self._keypoints_of(pictures, images)
        outputs = self.model.session.run(inputs)
        features = unit_length(outputs[EMBEDDING])
        if self.flip:
            features = unit_length(features + unit_length(self.model.session.run(self._flipped(inputs))[EMBEDDING]))
        told = outputs[ATTRIBUTES] if spec.attributes else np.zeros((len(pictures), 0), np.float32)
        return finite(np.asarray(features, np.float32), pictures, spec.name), told

    def _keypoints_of(self, pictures: Sequence[LabelledPicture], images: Sequence[UInt8Array]) -> Float32Array:
        spec, known = self.model.spec, self.keypoints
        joints = np.zeros((len(pictures), len(model_joints(spec)), 3), np.float32)
        for row, (picture, image) in enumerate(zip(pictures, images, strict=True)):
            if known is not None:
                size_wh = (image.shape[1], image.shape[0])
                joints[row] = for_model(known.of([picture.name], [size_wh])[0], size_wh, spec)
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
