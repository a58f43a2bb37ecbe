"""The Ray actor round a camera stream."""

from __future__ import annotations

import os
import time
from typing import Any

from actors.camera_stream import CameraStream
from actors.shell import Workbench, open_log, open_metrics
from actors.stages import GetReplicas, open_stages, selected
from sightline.adapters.blobs import FsspecBlobs
from sightline.settings import Settings
from sightline.telemetry import Registry, StreamMetrics
from sightline.threads import share_cores


class StreamActor:
    """Runs a :class:`CameraStream` in a thread; ``mark`` says which settings it was made with.

    With ``get_replicas`` the stages are actors; None = they run in here.
    """

    def __init__(self, settings: Settings, name: str, get_replicas: GetReplicas | None, mark: str) -> None:
        self._mark = mark
        open_log(settings, name)
        registry = Registry()
        metrics = StreamMetrics(registry)
        decode_threads = max(1, share_cores(settings, selected(settings).names).decode // settings.stream.workers)
        self._stream = CameraStream(
            settings,
            name=name,
            open_stages=lambda: open_stages(settings, metrics, get_replicas),
            blobs=FsspecBlobs(settings.blobs_url),
            decode_threads=decode_threads,
            clock=time.time,
            metrics=metrics,
        )
        self._bench = Workbench(self._stream.run, self._stream.stop)
        open_metrics(settings, registry, job="sightline-stream", name=name)
        self._bench.start()

    def ping(self) -> bool:
        """True once the actor runs."""
        return True

    def fingerprint(self) -> str:
        """Of the settings that it was made with."""
        return self._mark

    def describe(self) -> dict[str, Any]:
        """See :meth:`CameraStream.describe`."""
        return {"state": "running", "pid": os.getpid(), **self._stream.describe()}

    def stop(self) -> bool:
        """Finish what is on its way; see :meth:`Workbench.stop`."""
        return self._bench.stop(timeout_s=25.0)
