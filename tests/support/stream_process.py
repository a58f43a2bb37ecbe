"""A camera stream in a process of its own, over the made-up world: ``python -m support.stream_process``.

It is the real CameraStream on a real Kafka; only the models are made up. Settings come from the environment, so that a
test can kill it with SIGKILL, stall it with SIGSTOP, and start it again.
"""

from __future__ import annotations

import argparse
import logging
import signal
import time

from actors.camera_stream import CameraStream
from sightline.settings import load_settings
from sightline.telemetry import Registry, StreamMetrics
from support import world


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--seconds", type=float, default=0.0, help="how long each stage takes")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.WARNING)
    stream = CameraStream(
        load_settings(),
        name=arguments.name,
        open_stages=lambda: world.stages(arguments.seconds),
        blobs=world.Crops(),
        decode_threads=1,
        clock=time.time,
        metrics=StreamMetrics(Registry()),
    )
    signal.signal(signal.SIGTERM, lambda *_: stream.stop())
    stream.run()


if __name__ == "__main__":
    main()
