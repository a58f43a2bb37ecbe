"""The Ray actor round a writer."""

from __future__ import annotations

import time

from actors.shell import WorkActor, open_log
from actors.writer import Writer
from sightline.adapters.kafka.sightings import DeadLetters, SightingsReader
from sightline.adapters.milvus.gallery import MilvusGallery
from sightline.adapters.ray.metrics_targets import serve_metrics
from sightline.ports import Gallery
from sightline.settings import Settings
from sightline.telemetry import Registry, WriterMetrics


class WriterActor(WorkActor):
    """Runs a :class:`Writer`."""

    def __init__(self, settings: Settings, name: str, generation: str) -> None:
        open_log(settings, name)
        registry = Registry()
        serve_metrics(settings, registry, job="sightline-writer", instance=name)

        def open_gallery(space: str, dimension: int) -> Gallery:
            return MilvusGallery.open(settings.milvus, space=space, dimension=dimension)

        writer = Writer(
            settings.writer,
            source=SightingsReader(settings, client_id=name),
            dead_letters=DeadLetters(settings),
            open_gallery=open_gallery,
            clock=time.time,
            metrics=WriterMetrics(registry),
        )
        super().__init__(writer, generation)
