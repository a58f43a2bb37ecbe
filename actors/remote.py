"""The ports, answered by stage actors elsewhere on the cluster: calls go to the replicas in turn."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import ray
from ray import exceptions as ray_errors

from sightline.errors import ModelError, ServiceUnavailable
from sightline.settings import Settings
from sightline.types import Detections, Embeddings, Float32Array, UInt8Array

T = TypeVar("T")


def stage_names(settings: Settings, stage: str) -> list[str]:
    """The names of a stage's actors."""
    return [f"{stage}-{replica}" for replica in range(getattr(settings.pipeline, stage).replicas)]


@dataclass(frozen=True, slots=True)
class StageHandles:
    """Finds a stage's actors from within another actor."""

    settings: Settings

    def __call__(self, stage: str) -> list[Any]:
        """Handles of all replicas.

        Raises:
            ServiceUnavailable: one is not there.
        """
        try:
            return [ray.get_actor(name, namespace=self.settings.ray.namespace) for name in stage_names(self.settings, stage)]
        except ValueError as error:
            raise ServiceUnavailable("ray", f"a stage actor is missing: {error}") from error


class RemoteStage:
    """The replicas of one stage: implements the port ``Detector``, ``PoseEstimator``, ``DenseEstimator`` or ``Embedder``.

    An empty batch is answered by the stage like any other. A replica that is dead or restarting is a
    ``ServiceUnavailable``: the caller repeats the call, and the next replica takes it.
    """

    def __init__(self, replicas: Sequence[Any]) -> None:
        self._turns: Iterator[Any] = itertools.cycle(replicas)

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        """See :class:`sightline.ports.Detector`."""
        return await _answer(next(self._turns).detect.remote(canvases))

    async def estimate(self, crops: UInt8Array) -> Any:
        """See :class:`sightline.ports.PoseEstimator` and :class:`sightline.ports.DenseEstimator`, whichever it runs."""
        return await _answer(next(self._turns).estimate.remote(crops))

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        """See :class:`sightline.ports.Embedder`."""
        return await _answer(next(self._turns).embed.remote(crops, keypoints))


async def _answer(call: Awaitable[T]) -> T:
    try:
        return await call
    except ray_errors.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, ServiceUnavailable | ModelError):
            raise cause from error
        raise
    except ray_errors.RayError as error:
        raise ServiceUnavailable("ray", f"a stage actor did not answer: {error}") from error
