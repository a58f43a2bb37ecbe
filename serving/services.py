"""What the routes stand on, handed to ``create_app``: real parts in a deployment, fakes in tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from serving.cameras import CameraBoard
from serving.drawing import CropDrawing
from serving.operations_render import Links
from serving.pool import BlockingPool
from serving.search import SearchService
from sightline.decoding import ImageLimits
from sightline.ports import BlobStore, Clock, Gallery, MetricsHistory
from sightline.telemetry import Registry, ServingMetrics

Check = Callable[[], Awaitable[None]]
"""Returns when a part answers, raises SightlineError when it does not."""


async def _nothing() -> None:
    await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running deployment.

    Attributes:
        search: answers questions.
        drawing: draws over crops.
        gallery, blobs: of the sightings and their pictures.
        cameras: how the cameras are doing.
        cameras_known: whether all that the stream ever said of them has been heard.
        pool: for blocking calls.
        registry, metrics: of this process.
        limits: of pictures that are uploaded.
        attributes: names that ``attribute=`` may use.
        metrics_history: what Prometheus has; None = nobody watches.
        links: where people find more of it.
        clock: of now.
        checks: by name, what readiness asks.
        metrics_targets: where every process of the deployment serves its metrics, in Prometheus' discovery format; blocking.
        max_searches: searches in flight; more are told to come back.
        open, close: called once, on the event loop that serves.
    """

    search: SearchService
    drawing: CropDrawing
    gallery: Gallery
    blobs: BlobStore
    cameras: CameraBoard
    pool: BlockingPool
    registry: Registry
    metrics: ServingMetrics
    limits: ImageLimits
    cameras_known: Callable[[], bool] = lambda: True
    attributes: tuple[str, ...] = ()
    metrics_history: MetricsHistory | None = None
    links: Links = field(default_factory=Links)
    clock: Clock = time.time
    checks: Mapping[str, Check] = field(default_factory=dict)
    metrics_targets: Callable[[], list[dict[str, Any]]] = list
    max_searches: int = 16
    open: Check = _nothing
    close: Check = _nothing
