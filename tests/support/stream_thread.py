"""A camera stream in a thread of the test's process, over the made-up world: the real CameraStream on a real Kafka."""

from __future__ import annotations

import threading
import time
from typing import Any, Self

from actors.camera_stream import CameraStream, OpenStages
from sightline.ports import BlobStore
from sightline.settings import Settings
from sightline.telemetry import Registry, StreamMetrics
from support import world


class StreamThread:
    """Runs from its making to ``stop``.

    Args:
        settings: of the stream.
        name: of the member of the group.
        open_stages: as the stream's; unset = the made-up world's.
        blobs: where crops go; unset = nowhere.
    """

    def __init__(
        self, settings: Settings, name: str = "one", *, open_stages: OpenStages = world.stages, blobs: BlobStore | None = None
    ) -> None:
        self.metrics = StreamMetrics(Registry())
        self._stream = CameraStream(
            settings,
            name=name,
            open_stages=open_stages,
            blobs=blobs or world.Crops(),
            decode_threads=1,
            clock=time.time,
            metrics=self.metrics,
        )
        self._thread = threading.Thread(target=self._stream.run)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def says(self, what: str) -> Any:
        """A part of its account of itself."""
        return self._stream.describe()[what]

    @property
    def partitions(self) -> set[int]:
        return set(self.says("partitions"))

    @property
    def standing(self) -> tuple[int, bool]:
        """The group's generation, and whether the stream is joining it again."""
        said = self._stream.describe()
        return said["group_generation"], said["joining"]

    @property
    def restarts(self) -> int:
        return int(self.says("restarts"))

    @property
    def trouble(self) -> str:
        return str(self.says("trouble"))

    def stop(self) -> None:
        self._stream.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()
