"""What the parts ask of one another: Protocols of at most four methods.

Each docstring states blocking, ordering and idempotence. Fakes for tests are in ``sightline/testing.py``; one contract
suite runs on the fake and on the real adapter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from sightline.operations.alert import FiringAlert
from sightline.types import (
    DenseCoordinates,
    Detections,
    Embeddings,
    EncodedFrame,
    Float32Array,
    Match,
    Poses,
    Sighting,
    SightingFilter,
    UInt8Array,
)

Tensors = Mapping[str, NDArray[Any]]

MAX_MATCHES = 16_384
"""Most matches that a gallery gives for one vector."""

MAX_PAGE = 1000
"""Most sightings that a gallery lists at once."""


class Clock(Protocol):
    """Wall time, passed in so that tests own it."""

    def __call__(self) -> float:
        """Seconds since the Unix epoch."""
        ...


class FrameSource(Protocol):
    """Where a camera's pictures come from. ``frames`` blocks between frames at the source's own pace; in order."""

    def frames(self) -> Iterator[EncodedFrame]:
        """The pictures, in order of capture; ends when the source does. Raises InputError with the next step."""
        ...

    def lost(self) -> int:
        """Frames that the source is known to have lost since it was opened."""
        ...

    def close(self) -> None:
        """Give up the device or the connection; safe to call twice."""
        ...


class Inference(Protocol):
    """A server of models. Calls may run concurrently and finish in any order; a repeated call is harmless."""

    async def infer(self, model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """Run one batch: every tensor's first axis is the batch, N >= 1.

        Raises:
            ServiceUnavailable: the server or the model cannot answer now.
            ModelError: the server refused the tensors.
        """
        ...


class Detector(Protocol):
    """Finds people. Calls may run concurrently; pure."""

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        """uint8 RGB letterboxed (N, H, W, 3) -> N detections in pixels of the canvas. N may be 0."""
        ...


class PoseEstimator(Protocol):
    """Finds joints. Calls may run concurrently; pure."""

    async def estimate(self, crops: UInt8Array) -> Poses:
        """uint8 RGB (N, h, w, 3) -> poses of the N crops. N may be 0."""
        ...


class DenseEstimator(Protocol):
    """Finds dense body coordinates. Calls may run concurrently; pure."""

    async def estimate(self, crops: UInt8Array) -> DenseCoordinates:
        """uint8 RGB (N, h, w, 3) -> coordinates of the N crops. N may be 0."""
        ...


class Embedder(Protocol):
    """Computes appearance vectors. Calls may run concurrently; pure."""

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        """uint8 RGB (N, h, w, 3), and float32 (N, K, 3) for models that use the pose. N may be 0."""
        ...


class Gallery(Protocol):
    """The sightings of one embedding space, searchable. Blocking; safe to use from several processes.

    A sighting is visible to ``search`` and ``get`` once ``add`` has returned.
    """

    def add(self, sightings: Sequence[Sighting], *, maybe_present: bool = False) -> None:
        """Keep sightings, by id; all or none is acknowledged.

        With ``maybe_present`` a sighting that is there already is replaced (idempotent, dearer); without it the caller
        promises that none is there.

        Raises:
            SpaceMismatchError: a sighting is of another embedding space.
            ServiceUnavailable: the server cannot answer now; some may have been kept: repeat with ``maybe_present``.
        """
        ...

    def search(
        self, vectors: Float32Array, *, k: int, where: SightingFilter = ..., min_score: float | None = None
    ) -> list[list[Match]]:
        """For each of float32 (Q, D) unit vectors, at most ``k`` matches, best first. Q may be 0.

        Raises:
            ValueError: ``k`` is not 1 to :data:`MAX_MATCHES`.
            SpaceMismatchError: the vectors are not of this space's D.
            ServiceUnavailable: the server cannot answer now.
        """
        ...

    def get(self, sighting_ids: Sequence[str]) -> list[Sighting]:
        """The sightings of these ids that exist, in the order asked."""
        ...

    def newest(self, *, limit: int, before_us: int | None = None, where: SightingFilter = ...) -> list[Sighting]:
        """Sightings captured before ``before_us`` (unset: any), newest first; ties in order of id.

        Raises:
            ValueError: ``limit`` is not 1 to :data:`MAX_PAGE`.
            ServiceUnavailable: the server cannot answer now.
        """
        ...


class BlobStore(Protocol):
    """Pictures by key. Blocking; safe to use from several processes."""

    def put(self, key: str, data: bytes) -> None:
        """Keep ``data``; a second put of the same key replaces it. Whole or not at all. Raises ServiceUnavailable."""
        ...

    def get(self, key: str) -> bytes:
        """Raises NotFoundError where there is none, ServiceUnavailable."""
        ...

    def delete(self, key: str) -> None:
        """Remove it; not an error where there is none."""
        ...


class MetricsHistory(Protocol):
    """What is watched over time, as Prometheus has it. Calls may run concurrently; nothing is changed by them."""

    async def values(self, expression: str, *, end_s: float, step_s: float, points: int) -> tuple[float | None, ...]:
        """What ``expression`` (PromQL, one series at most) was at ``points`` moments ``step_s`` apart, the last at ``end_s``.

        None stands for a moment at which there was no value. Times are seconds since the epoch.

        Raises:
            ServiceUnavailable: the server does not answer now.
            ServiceError: it refuses the expression, or has more than one series for it.
        """
        ...

    async def alerts(self) -> list[FiringAlert]:
        """The alerts that fire now, in any order. Raises ServiceUnavailable."""
        ...
