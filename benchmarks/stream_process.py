"""A camera stream with made-up stages in a process of its own: ``python -m benchmarks.stream_process``.

The real CameraStream on a real Kafka; settings come from the environment. Ends at SIGTERM.
"""

from __future__ import annotations

import argparse
import logging
import signal
import time

from actors.camera_stream import CameraStream
from benchmarks import made_up
from sightline.adapters.blobs import open_blobs
from sightline.settings import load_settings
from sightline.telemetry import Registry, StreamMetrics


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0, help="how long the detector takes for each frame")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("kafka").setLevel(logging.ERROR)
    settings = load_settings()
    stream = CameraStream(
        settings,
        name="camera-stream-0",
        open_stages=lambda: made_up.stages(arguments.seconds),
        blobs=open_blobs(settings),
        decode_threads=1,
        clock=time.time,
        metrics=StreamMetrics(Registry()),
    )
    signal.signal(signal.SIGTERM, lambda *_: stream.stop())
    stream.run()


if __name__ == "__main__":
    main()
