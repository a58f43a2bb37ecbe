"""Domain data: frozen, batch first, checked once when made.

Legend: N items in a batch, H and W pixels, K joints, D embedding dimensions, A attributes.
Images are uint8 RGB, (H, W, 3). Boxes are float32 pixels of the picture they came from; ``xyxy`` has its
bottom-right corner exclusive. Times are integer microseconds since the Unix epoch, UTC (``_us``).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sightline.attributes import likeliest

UInt8Array = NDArray[np.uint8]
Float32Array = NDArray[np.float32]
Int64Array = NDArray[np.int64]

SIGHTING_NAMESPACE = uuid.UUID("6b6ff5c2-4f0c-5d7e-9a55-8d5f2f0d9b11")
"""Namespace of the UUIDv5 of sightings and tracks. Changing it changes every id: never do."""

BODY_PARTS = 24
"""Parts of the body in DensePose's chart; background is not among them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sighting_id(camera: str, frame_id: str, index: int) -> str:
    """The id of the ``index``-th detected box of a frame: UUIDv5, so that a replay makes the same id."""
    return str(uuid.uuid5(SIGHTING_NAMESPACE, f"{camera}\x00{frame_id}\x00{index}"))


def track_id(camera: str, frame_id: str, index: int) -> str:
    """The id of the track that a frame's ``index``-th box began: ``<camera>/<UUIDv5>``."""
    unique = uuid.uuid5(SIGHTING_NAMESPACE, f"track\x00{camera}\x00{frame_id}\x00{index}")
    return f"{camera}/{unique}"


def to_datetime(time_us: int) -> datetime:
    """Microseconds since the epoch as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=time_us)


def to_us(moment: datetime) -> int:
    """An aware datetime as microseconds since the epoch.

    Raises:
        ValueError: ``moment`` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("expected a time with a zone (for example ...Z or ...+02:00), got one without")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _expect(name: str, array: NDArray[np.generic], shape: Sequence[int | None], dtype: type[np.generic]) -> None:
    """Raise ValueError unless ``array`` has this dtype and shape (None matches any length)."""
    matches = len(array.shape) == len(shape) and all(
        wanted is None or wanted == got for wanted, got in zip(shape, array.shape, strict=True)
    )
    if not matches or array.dtype != dtype:
        wanted = tuple("any" if n is None else n for n in shape)
        raise ValueError(f"{name}: expected {np.dtype(dtype).name} {wanted}, got {array.dtype} {array.shape}")


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A camera's picture as published.

    Attributes:
        camera: id of the camera; also the Kafka key.
        frame_id: the CloudEvents id, unique per frame and the same over retries.
        captured_at_us: when the camera saw it.
        content_type: MIME type of ``data``: image/jpeg, image/png or image/webp.
        data: the encoded image.
    """

    camera: str
    frame_id: str
    captured_at_us: int
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A decoded picture: ``image`` is uint8 RGB (H, W, 3), upright (EXIF rotation applied)."""

    camera: str
    frame_id: str
    captured_at_us: int
    image: UInt8Array

    def __post_init__(self) -> None:
        _expect("image", self.image, (None, None, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """People found in one picture, best first: ``boxes_xyxy`` float32 (N, 4), ``scores`` float32 (N,) in [0, 1]."""

    boxes_xyxy: Float32Array
    scores: Float32Array

    def __post_init__(self) -> None:
        _expect("boxes_xyxy", self.boxes_xyxy, (None, 4), np.float32)
        _expect("scores", self.scores, (len(self.boxes_xyxy),), np.float32)

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def empty(cls) -> Detections:
        return cls(np.zeros((0, 4), np.float32), np.zeros((0,), np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Key points of N crops: ``xy`` float32 (N, K, 2) in [0, 1] of the crop, ``confidence`` float32 (N, K)."""

    xy: Float32Array
    confidence: Float32Array

    def __post_init__(self) -> None:
        _expect("xy", self.xy, (None, None, 2), np.float32)
        _expect("confidence", self.confidence, self.xy.shape[:2], np.float32)

    def __len__(self) -> int:
        return len(self.xy)


@dataclass(frozen=True, slots=True, eq=False)
class DenseCoordinates:
    """Dense body coordinates of N crops.

    Attributes:
        part: uint8 (N, h, w), 0 background, 1-24 DensePose parts.
        u, v: float32 (N, h, w) in [0, 1].
    """

    part: UInt8Array
    u: Float32Array
    v: Float32Array

    def __post_init__(self) -> None:
        _expect("part", self.part, (None, None, None), np.uint8)
        _expect("u", self.u, self.part.shape, np.float32)
        _expect("v", self.v, self.part.shape, np.float32)

    def __len__(self) -> int:
        return len(self.part)


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Appearance vectors of N crops.

    Attributes:
        vectors: float32 (N, D), L2-normalised.
        space: name of the embedding space (``EmbeddingSpace.name``); spaces never meet.
        attributes: float32 (N, A) probabilities, A = 0 where the model has none.
    """

    vectors: Float32Array
    space: str
    attributes: Float32Array

    def __post_init__(self) -> None:
        _expect("vectors", self.vectors, (None, None), np.float32)
        _expect("attributes", self.attributes, (len(self.vectors), None), np.float32)

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One person seen once: what the topic ``sightings`` records and the gallery holds.

    Attributes:
        sighting_id: see :func:`sighting_id`.
        camera, frame_id, captured_at_us: the frame it was seen in.
        track: see :func:`track_id`; the same person in the same camera, followed over frames.
        box_xywh: (x, y, width, height) in pixels of the published picture.
        score: the detector's confidence in [0, 1].
        quality: how good the crop is for re-identification, in [0, 1].
        embedding: float32 (D,), L2-normalised.
        space: its embedding space.
        crop_key: where the blob store keeps the picture of the person; None if it was not kept.
        crop_box_xywh: the box in pixels of that stored picture (which has a margin round it).
        keypoints: float32 (K, 3) x, y in [0, 1] of the box and confidence, joints of :data:`sightline.skeleton.JOINTS`; None
            where no pose model answered.
        attributes: ``attribute:value`` (:mod:`sightline.attributes`) -> probability; empty without attribute heads.
        visibility: float32 (24,), the part of the box's pixels that shows each of DensePose's parts 1 to 24, see
            :mod:`sightline.stages.visibility`; None where no dense model answered.
    """

    sighting_id: str
    camera: str
    frame_id: str
    captured_at_us: int
    track: str
    box_xywh: tuple[float, float, float, float]
    score: float
    quality: float
    embedding: Float32Array
    space: str
    crop_key: str | None = None
    crop_box_xywh: tuple[float, float, float, float] | None = None
    keypoints: Float32Array | None = None
    attributes: Mapping[str, float] = field(default_factory=dict)
    visibility: Float32Array | None = None

    def __post_init__(self) -> None:
        _expect("embedding", self.embedding, (None,), np.float32)
        if self.visibility is not None:
            _expect("visibility", self.visibility, (BODY_PARTS,), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """A sighting found for a query.

    Attributes:
        sighting: what was found.
        score: the cosine in [-1, 1], higher is more alike.
        rerank_distance: by the neighbours that query and match share, smaller is more alike; None = not re-ranked.
    """

    sighting: Sighting
    score: float
    rerank_distance: float | None = None


@dataclass(frozen=True, slots=True)
class SightingFilter:
    """Which sightings count: empty fields do not restrict.

    Attributes:
        cameras: any of these cameras.
        start_us, end_us: captured in [start_us, end_us).
        attributes: (attribute, value) pairs that all hold: the sighting's likeliest value of the attribute is this one
            (:func:`sightline.attributes.likeliest`). A sighting of which it is not known does not pass.
    """

    cameras: tuple[str, ...] = ()
    start_us: int | None = None
    end_us: int | None = None
    attributes: tuple[tuple[str, str], ...] = ()

    def passes(self, sighting: Sighting) -> bool:
        """Whether a sighting counts."""
        return (
            (not self.cameras or sighting.camera in self.cameras)
            and (self.start_us is None or sighting.captured_at_us >= self.start_us)
            and (self.end_us is None or sighting.captured_at_us < self.end_us)
            and self._has_attributes(sighting)
        )

    def _has_attributes(self, sighting: Sighting) -> bool:
        told = likeliest(sighting.attributes) if self.attributes else {}
        return all(attribute in told and told[attribute][0] == value for attribute, value in self.attributes)


@dataclass(frozen=True, slots=True, eq=False)
class CameraState:
    """What a camera stream must know to go on with a camera where another one stopped.

    It is committed with the frames' offsets and the sightings, so it always matches them.

    Attributes:
        camera: the camera's id.
        frame_id, captured_at_us, offset: the last frame that had an outcome, and its offset in its partition.
        picture_wh: width and height of the last seen picture, pixels; (0, 0) before the first.
        seen: frames that went through the stages, since the camera first published.
        sightings: sightings made of them.
        shed: frames shed, by reason.
        dead: frames that became dead letters, by reason.
        arrays: the tracker's and the sampler's state, by name.
    """

    camera: str
    frame_id: str = ""
    captured_at_us: int = 0
    offset: int = -1
    picture_wh: tuple[int, int] = (0, 0)
    seen: int = 0
    sightings: int = 0
    shed: Mapping[str, int] = field(default_factory=dict)
    dead: Mapping[str, int] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
