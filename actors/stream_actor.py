"""The Ray actor round a camera stream."""

from __future__ import annotations

import time
from functools import partial

from actors.camera_stream import CameraStream
from actors.shell import WorkActor, open_log
from actors.stages import open_stages
from sightline.adapters.blobs import open_blobs
from sightline.adapters.ray.metrics_targets import serve_metrics
from sightline.adapters.ray.stages import remote_stages
from sightline.models.selection import select_models
from sightline.settings import Settings
from sightline.telemetry import Registry, StreamMetrics
from sightline.threads import share_cores


class StreamActor(WorkActor):
    """Runs a :class:`CameraStream`; unless its stages run in here, they are the actors of the same generation."""

    def __init__(self, settings: Settings, name: str, generation: str) -> None:
        open_log(settings, name)
        registry = Registry()
        metrics = StreamMetrics(registry)
        serve_metrics(settings, registry, job="sightline-stream", instance=name)
        decode_threads = max(1, share_cores(settings, select_models(settings).names).decode // settings.stream.workers)
        elsewhere = None if settings.pipeline.fused else partial(remote_stages, settings, generation=generation)
        stream = CameraStream(
            settings,
            name=name,
            open_stages=lambda: open_stages(settings, metrics, elsewhere),
            blobs=open_blobs(settings),
            decode_threads=decode_threads,
            clock=time.time,
            metrics=metrics,
        )
        super().__init__(stream, generation)
