"""A writer in a process of its own: ``python -m support.writer_process --name writer-1``; settings from the environment."""

from __future__ import annotations

import argparse
import logging
import signal
import time

from actors.writer import Writer
from sightline.adapters.kafka.sightings import DeadLetters, SightingsReader
from sightline.adapters.milvus import MilvusGallery
from sightline.settings import Settings, load_settings
from sightline.telemetry import Registry, WriterMetrics


def make_writer(settings: Settings, name: str, registry: Registry) -> Writer:
    """The real writer with all its real parts."""
    return Writer(
        settings.writer,
        source=SightingsReader(settings, client_id=name),
        dead_letters=DeadLetters(settings),
        open_gallery=lambda space, dimension: MilvusGallery.open(settings.milvus, space=space, dimension=dimension),
        clock=time.time,
        metrics=WriterMetrics(registry),
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.WARNING)
    writer = make_writer(load_settings(), parser.parse_args().name, Registry())
    signal.signal(signal.SIGTERM, lambda *_: writer.stop())
    writer.run()


if __name__ == "__main__":
    main()
