"""The Ray actor round a camera stream."""

from __future__ import annotations

import time

from actors.camera_stream import CameraStream
from actors.shell import WorkActor, open_log, open_metrics
from actors.stages import GetReplicas, open_stages
from sightline.adapters.blobs import FsspecBlobs
from sightline.models.selection import select_models
from sightline.settings import Settings
from sightline.telemetry import Registry, StreamMetrics
from sightline.threads import share_cores


class StreamActor(WorkActor):
    """Runs a :class:`CameraStream`. With ``get_replicas`` its stages are actors; None = they run in here."""

    def __init__(self, settings: Settings, name: str, get_replicas: GetReplicas | None, mark: str) -> None:
        open_log(settings, name)
        registry = Registry()
        metrics = StreamMetrics(registry)
        open_metrics(settings, registry, job="sightline-stream", name=name)
        decode_threads = max(1, share_cores(settings, select_models(settings).names).decode // settings.stream.workers)
        stream = CameraStream(
            settings,
            name=name,
            open_stages=lambda: open_stages(settings, metrics, get_replicas),
            blobs=FsspecBlobs(settings.blobs_url),
            decode_threads=decode_threads,
            clock=time.time,
            metrics=metrics,
        )
        super().__init__(stream, mark)
