"""The Ray actor round a writer."""

from __future__ import annotations

import os
import time
from typing import Any

from actors.shell import Workbench, open_log, open_metrics
from actors.writer import Writer
from sightline.adapters.kafka.sightings import DeadLetters, SightingsReader
from sightline.adapters.milvus.gallery import MilvusGallery
from sightline.ports import Gallery
from sightline.settings import Settings
from sightline.telemetry import Registry, WriterMetrics


class WriterActor:
    """Runs a :class:`Writer` in a thread; ``mark`` says which settings it was made with."""

    def __init__(self, settings: Settings, name: str, mark: str) -> None:
        self._mark = mark
        open_log(settings, name)
        registry = Registry()

        def open_gallery(space: str, dimension: int) -> Gallery:
            return MilvusGallery.open(settings.milvus, space=space, dimension=dimension)

        self._writer = Writer(
            settings.writer,
            source=SightingsReader(settings, client_id=name),
            dead_letters=DeadLetters(settings),
            open_gallery=open_gallery,
            clock=time.time,
            metrics=WriterMetrics(registry),
        )
        self._bench = Workbench(self._writer.run, self._writer.stop)
        open_metrics(settings, registry, job="sightline-writer", name=name)
        self._bench.start()

    def ping(self) -> bool:
        """True once the actor runs."""
        return True

    def fingerprint(self) -> str:
        """Of the settings that it was made with."""
        return self._mark

    def describe(self) -> dict[str, Any]:
        """See :meth:`Writer.describe`."""
        return {"state": "running", "pid": os.getpid(), **self._writer.describe()}

    def stop(self) -> bool:
        """Finish the batch at hand; see :meth:`Workbench.stop`."""
        return self._bench.stop(timeout_s=25.0)
